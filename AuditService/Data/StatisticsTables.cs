using Microsoft.EntityFrameworkCore.Migrations;

namespace AuditService.Data;

/// <summary>
/// Numbers of records by day, kept up to a leaf of the log: what comes after that leaf is counted when it is asked for, so
/// that a sum is that of the records at every moment, and recording pays nothing.
/// </summary>
internal static class StatisticsTables
{
    public static void CreateStatistics(this MigrationBuilder migration) => migration.Sql(
        """
        -- The leaf up to which records are in the two tables. Whoever changes them holds this row.
        CREATE TABLE audit_statistics_progress (
            id smallint NOT NULL CONSTRAINT pk_audit_statistics_progress PRIMARY KEY CHECK (id = 1),
            next bigint NOT NULL
        );
        INSERT INTO audit_statistics_progress (id, next) VALUES (1, 0);

        -- A record of no tenant counts under the nil id: a key has no place for null.
        CREATE TABLE audit_statistics_actors (
            tenant_id uuid NOT NULL,
            day date NOT NULL,
            actor_id text NOT NULL,
            action text NOT NULL,
            severity text NOT NULL,
            result text NOT NULL,
            records bigint NOT NULL,
            CONSTRAINT pk_audit_statistics_actors PRIMARY KEY (tenant_id, day, actor_id, action, severity, result)
        );

        -- The same without the actors: a hundredth of the rows, for questions that do not ask for them.
        CREATE TABLE audit_statistics_actions (
            tenant_id uuid NOT NULL,
            day date NOT NULL,
            action text NOT NULL,
            severity text NOT NULL,
            result text NOT NULL,
            records bigint NOT NULL,
            CONSTRAINT pk_audit_statistics_actions PRIMARY KEY (tenant_id, day, action, severity, result)
        );
        CREATE INDEX ix_audit_statistics_actors_actor ON audit_statistics_actors (actor_id, day);

        -- For the compliance report; it was looked up by size only.
        CREATE INDEX ix_audit_checkpoints_published ON audit_checkpoints (published_at);
        """);

    public static void DropStatistics(this MigrationBuilder migration) =>
        migration.Sql("DROP INDEX ix_audit_checkpoints_published; DROP TABLE audit_statistics_actions, audit_statistics_actors, audit_statistics_progress;");
}
