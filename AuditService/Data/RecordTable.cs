using Microsoft.EntityFrameworkCore.Migrations;

namespace AuditService.Data;

/// <summary>
/// The log's table: partitioned by the day a record tells of, so that a page of the newest reads one or two of them and
/// old days go by dropping a table. The key holds the id, which is the sender's: a second delivery has the same id and
/// time and finds its row. Listing is by (occurred_at, id), so each index for a filter ends in that, and with the
/// tenant: another tenant's entries are passed over inside the index.
/// </summary>
internal static class RecordTable
{
    public static void CreateRecords(this MigrationBuilder migration) => migration.Sql(
        """
        CREATE TABLE audit_records (
            id uuid NOT NULL,
            occurred_at timestamptz NOT NULL,
            received_at timestamptz NOT NULL,
            tenant_id uuid,
            actor_kind text NOT NULL,
            actor_id text NOT NULL,
            actor_name text,
            session_id text,
            address inet,
            user_agent text,
            action text NOT NULL,
            resource_type text NOT NULL,
            resource_id text,
            severity text NOT NULL,
            result text NOT NULL,
            duration_ms double precision,
            before jsonb,
            after jsonb,
            detail jsonb,
            trace_id text,
            method text,
            path text,
            route text,
            status smallint,
            request_id text,
            marks text[] NOT NULL,
            search tsvector NOT NULL,
            CONSTRAINT pk_audit_records PRIMARY KEY (id, occurred_at)
        ) PARTITION BY RANGE (occurred_at);

        CREATE INDEX ix_audit_records_time ON audit_records (occurred_at DESC, id DESC);
        CREATE INDEX ix_audit_records_tenant ON audit_records (tenant_id, occurred_at DESC, id DESC);
        CREATE INDEX ix_audit_records_actor ON audit_records (actor_id, occurred_at DESC, id DESC, tenant_id);
        CREATE INDEX ix_audit_records_action ON audit_records (action, occurred_at DESC, id DESC, tenant_id);
        CREATE INDEX ix_audit_records_resource_type ON audit_records (resource_type, occurred_at DESC, id DESC, tenant_id);
        CREATE INDEX ix_audit_records_resource_id ON audit_records (resource_id, occurred_at DESC, id DESC, tenant_id)
            WHERE resource_id IS NOT NULL;
        CREATE INDEX ix_audit_records_address ON audit_records (address, occurred_at DESC, id DESC, tenant_id)
            WHERE address IS NOT NULL;
        CREATE INDEX ix_audit_records_trace ON audit_records (trace_id, occurred_at DESC, id DESC)
            WHERE trace_id IS NOT NULL;

        -- The common values are found soon enough by walking the list; only the rare ones need an index.
        CREATE INDEX ix_audit_records_severity ON audit_records (severity, occurred_at DESC, id DESC, tenant_id)
            WHERE severity <> 'info';
        CREATE INDEX ix_audit_records_result ON audit_records (result, occurred_at DESC, id DESC, tenant_id)
            WHERE result <> 'success';
        CREATE INDEX ix_audit_records_search ON audit_records USING gin (search);

        CREATE TABLE audit_records_default PARTITION OF audit_records DEFAULT;
        """);

    public static void DropRecords(this MigrationBuilder migration) => migration.Sql("DROP TABLE audit_records;");
}
