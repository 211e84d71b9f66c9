using Microsoft.EntityFrameworkCore.Migrations;

namespace NotificationService.Data;

/// <summary>
/// What the tables do by themselves: tell that there is something to send or to show when the transaction commits, and
/// number the entries of an inbox. The number comes from a row that stays locked until the commit, so numbers become
/// visible in their order.
/// </summary>
internal static class WakeUps
{
    public const string QueueChannel = "notifications";

    public const string InboxChannel = "inbox_entries";

    public static void CreateWakeUps(this MigrationBuilder migration) => migration.Sql(
        $"""
        CREATE INDEX ix_notifications_recipient ON notifications (lower(recipient), created_at DESC, id DESC);

        CREATE TABLE inbox_positions (
            user_id uuid PRIMARY KEY,
            position bigint NOT NULL
        );

        CREATE FUNCTION place_inbox_entry() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO inbox_positions AS known (user_id, position) VALUES (NEW.user_id, 1)
            ON CONFLICT (user_id) DO UPDATE SET position = known.position + 1
            RETURNING known.position INTO NEW.position;
            PERFORM pg_notify('{InboxChannel}', NEW.user_id::text);
            RETURN NEW;
        END $$;
        CREATE TRIGGER inbox_entries_place BEFORE INSERT ON inbox_entries
            FOR EACH ROW EXECUTE FUNCTION place_inbox_entry();

        CREATE FUNCTION notify_notifications() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM pg_notify('{QueueChannel}', '');
            RETURN NULL;
        END $$;
        CREATE TRIGGER notifications_notify AFTER INSERT OR UPDATE ON notifications
            FOR EACH ROW WHEN (NEW.status = 'pending') EXECUTE FUNCTION notify_notifications();
        """);

    public static void DropWakeUps(this MigrationBuilder migration) => migration.Sql(
        """
        DROP TRIGGER notifications_notify ON notifications;
        DROP FUNCTION notify_notifications();
        DROP TRIGGER inbox_entries_place ON inbox_entries;
        DROP FUNCTION place_inbox_entry();
        DROP TABLE inbox_positions;
        """);
}
