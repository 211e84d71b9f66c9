using Microsoft.EntityFrameworkCore.Migrations;

namespace AuditService.Data;

/// <summary>What the gateways counted, and which of their numbers have come in.</summary>
internal static class CompletenessTables
{
    public static void CreateCompleteness(this MigrationBuilder migration) => migration.Sql(
        """
        -- A window of a gateway's process. Kinds: counted, lost (its count never came), tail (of a process that ended
        -- before it could count). States: pending, complete, gap.
        CREATE TABLE audit_request_windows (
            run uuid NOT NULL,
            number bigint NOT NULL CHECK (number >= 0),
            id uuid NOT NULL,
            gateway text NOT NULL,
            kind text NOT NULL,
            window_from timestamptz NOT NULL,
            window_to timestamptz NOT NULL,
            first bigint NOT NULL CHECK (first >= 0),
            success bigint NOT NULL CHECK (success >= 0),
            denied bigint NOT NULL CHECK (denied >= 0),
            failure bigint NOT NULL CHECK (failure >= 0),
            unknown bigint NOT NULL CHECK (unknown >= 0),
            dropped bigint NOT NULL CHECK (dropped >= 0),
            due_at timestamptz NOT NULL,
            state text NOT NULL,
            missing bigint NOT NULL,
            miscounted boolean NOT NULL DEFAULT false,
            checked_at timestamptz,
            gap_found_at timestamptz,
            gap_closed_at timestamptz,
            preceded boolean NOT NULL,
            CONSTRAINT pk_audit_request_windows PRIMARY KEY (run, number)
        );
        CREATE INDEX ix_audit_request_windows_time ON audit_request_windows (window_to DESC, id DESC);
        CREATE INDEX ix_audit_request_windows_open ON audit_request_windows (state, window_to DESC, id DESC) WHERE state <> 'complete';
        CREATE INDEX ix_audit_request_windows_gateway ON audit_request_windows (gateway, window_to DESC, id DESC);
        CREATE INDEX ix_audit_request_windows_unpreceded ON audit_request_windows (due_at) WHERE NOT preceded;

        -- Numbers that were committed with their records; those of complete windows are forgotten.
        CREATE TABLE audit_request_numbers (
            run uuid NOT NULL,
            first bigint NOT NULL,
            next bigint NOT NULL CHECK (next > first),
            gateway text NOT NULL,
            success int NOT NULL,
            denied int NOT NULL,
            failure int NOT NULL,
            begun_at timestamptz NOT NULL,
            received_at timestamptz NOT NULL
        );
        CREATE INDEX ix_audit_request_numbers_run ON audit_request_numbers (run, first);
        DO $$ BEGIN EXECUTE format('GRANT INSERT ON audit_request_numbers TO %I', current_database() || '_ingest'); END $$;
        """);

    public static void DropCompleteness(this MigrationBuilder migration) =>
        migration.Sql("DROP TABLE audit_request_numbers, audit_request_windows;");
}
