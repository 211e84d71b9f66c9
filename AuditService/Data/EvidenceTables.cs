using Microsoft.EntityFrameworkCore.Migrations;

namespace AuditService.Data;

/// <summary>
/// The tables of the log's tree, and the role that records are written with. They outlive the records: what a partition's
/// leaves were stays when the partition goes.
/// </summary>
internal static class EvidenceTables
{
    public static void CreateEvidence(this MigrationBuilder migration) => migration.Sql(
        """
        ALTER TABLE audit_records
            ADD COLUMN leaf_index bigint,
            ADD COLUMN salt bytea,
            ADD COLUMN personal_digest bytea;
        CREATE INDEX ix_audit_records_leaf ON audit_records (leaf_index);

        -- One row: the tree's size and its signed head, changed by whoever adds leaves, under a lock.
        CREATE TABLE audit_tree (
            id smallint NOT NULL CONSTRAINT pk_audit_tree PRIMARY KEY CHECK (id = 1),
            size bigint NOT NULL,
            head text
        ) WITH (fillfactor = 10);
        INSERT INTO audit_tree (id, size) VALUES (1, 0);

        CREATE TABLE audit_tiles (
            level smallint NOT NULL,
            number bigint NOT NULL,
            hashes bytea NOT NULL,
            CONSTRAINT pk_audit_tiles PRIMARY KEY (level, number)
        );
        -- Hashes don't compress; trying costs more than the hashing.
        ALTER TABLE audit_tiles ALTER COLUMN hashes SET STORAGE EXTERNAL;

        CREATE TABLE audit_checkpoints (
            size bigint NOT NULL CONSTRAINT pk_audit_checkpoints PRIMARY KEY,
            note text NOT NULL,
            published_at timestamptz NOT NULL
        );

        CREATE TABLE audit_keys (
            id smallint NOT NULL CONSTRAINT pk_audit_keys PRIMARY KEY CHECK (id = 1),
            public_key bytea NOT NULL,
            private_key bytea NOT NULL,
            created_at timestamptz NOT NULL
        );

        -- Roles are the cluster's, not the database's: each database names its own.
        DO $$
        DECLARE ingest text := current_database() || '_ingest';
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = ingest) THEN
                EXECUTE format('CREATE ROLE %I NOLOGIN', ingest);
            END IF;
            EXECUTE format('GRANT %I TO CURRENT_USER', ingest);
            EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', ingest);
            EXECUTE format('GRANT SELECT, INSERT ON audit_records TO %I', ingest);
            EXECUTE format('GRANT SELECT, UPDATE (size, head) ON audit_tree TO %I', ingest);
            EXECUTE format('GRANT SELECT, INSERT, UPDATE (hashes) ON audit_tiles TO %I', ingest);
        END $$;
        """);

    public static void DropEvidence(this MigrationBuilder migration) => migration.Sql(
        """
        DROP TABLE audit_keys, audit_checkpoints, audit_tiles, audit_tree;
        ALTER TABLE audit_records DROP COLUMN leaf_index, DROP COLUMN salt, DROP COLUMN personal_digest;
        DO $$
        DECLARE ingest text := current_database() || '_ingest';
        BEGIN
            EXECUTE format('DROP OWNED BY %I', ingest);
            EXECUTE format('DROP ROLE %I', ingest);
        END $$;
        """);
}
