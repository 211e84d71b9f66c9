using Microsoft.EntityFrameworkCore.Migrations;

namespace AuditService.Data;

/// <summary>What is kept of dropped partitions.</summary>
internal static class RetentionTables
{
    public static void CreateAnchors(this MigrationBuilder migration) => migration.Sql(
        """
        -- A day may be dropped twice: late records of it make its partition anew.
        CREATE TABLE audit_anchors (
            day date NOT NULL,
            number bigint NOT NULL,
            records bigint NOT NULL,
            leaves int8multirange NOT NULL,
            note text NOT NULL,
            dropped_at timestamptz NOT NULL,
            CONSTRAINT pk_audit_anchors PRIMARY KEY (day, number)
        );
        CREATE INDEX ix_audit_anchors_leaves ON audit_anchors USING gist (leaves);

        -- Which leaf a dropped record had, a thousand in a row: proofs are asked for by id.
        CREATE TABLE audit_dropped (
            tenant_id uuid,
            first_id uuid NOT NULL,
            last_id uuid NOT NULL,
            ids uuid[] NOT NULL,
            leaves bigint[] NOT NULL
        );
        CREATE INDEX ix_audit_dropped_ids ON audit_dropped (last_id, first_id);
        """);

    public static void DropAnchors(this MigrationBuilder migration) => migration.Sql("DROP TABLE audit_dropped, audit_anchors;");
}
