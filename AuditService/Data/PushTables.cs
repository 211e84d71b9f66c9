using Microsoft.EntityFrameworkCore.Migrations;

namespace AuditService.Data;

/// <summary>How far each receiver has the log.</summary>
internal static class PushTables
{
    public static void CreatePush(this MigrationBuilder migration) => migration.Sql(
        """
        CREATE TABLE audit_push (
            name text NOT NULL CONSTRAINT pk_audit_push PRIMARY KEY,
            next bigint NOT NULL,
            pending bigint,
            root bytea,
            delivered_at timestamptz,
            failed_at timestamptz,
            reason text
        );
        """);

    public static void DropPush(this MigrationBuilder migration) => migration.Sql("DROP TABLE audit_push;");
}
