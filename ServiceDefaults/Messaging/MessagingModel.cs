using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Migrations;
using ServiceDefaults.Contracts;

namespace ServiceDefaults.Messaging;

/// <summary>Outbox and inbox as part of a service's own database.</summary>
public static class MessagingModel
{
    /// <summary>The channel that a committed outbox row notifies.</summary>
    internal const string Channel = "outbox";

    internal const string InboxAndTrigger =
        $"""
        CREATE TABLE inbox (
            message_id uuid NOT NULL,
            consumer varchar(200) NOT NULL,
            handled_at timestamptz NOT NULL,
            PRIMARY KEY (message_id, consumer)
        ) PARTITION BY RANGE (message_id);
        CREATE TABLE inbox_default PARTITION OF inbox DEFAULT;

        CREATE FUNCTION notify_outbox() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM pg_notify('{Channel}', '');
            RETURN NULL;
        END $$;
        CREATE TRIGGER outbox_notify AFTER INSERT ON outbox
            FOR EACH STATEMENT EXECUTE FUNCTION notify_outbox();
        """;

    /// <summary>Adds the outbox and inbox tables to the model of a service.</summary>
    public static ModelBuilder AddMessaging(this ModelBuilder builder)
    {
        builder.Entity<OutboxMessage>(outbox =>
        {
            outbox.ToTable("outbox");
            outbox.HasKey(message => message.Id);
            outbox.Property(message => message.Id).UseIdentityAlwaysColumn();
            outbox.Property(message => message.Type).HasMaxLength(100);
            outbox.Property(message => message.Aggregate).HasMaxLength(200);
            outbox.Property(message => message.TraceParent).HasMaxLength(55);
            outbox.HasIndex(message => new { message.Partition, message.Id }).HasFilter("fault IS NULL");
        });
        builder.Entity<OutboxPartition>(partition =>
        {
            partition.ToTable("outbox_partitions");
            partition.HasKey(row => row.Partition);
            partition.Property(row => row.Partition).ValueGeneratedNever();
            partition.HasData(Enumerable.Range(0, OutboxMessage.Partitions)
                .Select(number => new OutboxPartition { Partition = (short)number }));
        });
        builder.Entity<InboxMessage>(inbox =>
        {
            // The table is made by CreateInbox: EF Core has no word for a partitioned one.
            inbox.ToTable("inbox", table => table.ExcludeFromMigrations());
            inbox.HasKey(message => new { message.MessageId, message.Consumer });
        });
        return builder;
    }

    /// <summary>
    /// For a service's first migration, after its tables: the partitioned inbox and the trigger that wakes the relay
    /// when a transaction with events commits.
    /// </summary>
    public static void AddMessaging(this MigrationBuilder migration) => migration.Sql(InboxAndTrigger);

    /// <summary>The way back of <see cref="AddMessaging(MigrationBuilder)"/>, before the tables are dropped.</summary>
    public static void RemoveMessaging(this MigrationBuilder migration)
    {
        migration.Sql(
            """
            DROP TRIGGER outbox_notify ON outbox;
            DROP FUNCTION notify_outbox();
            DROP TABLE inbox;
            """);
    }

    /// <summary>
    /// Puts an event into the outbox of this context; it leaves with the context's next <c>SaveChangesAsync</c>, or not
    /// at all.
    /// </summary>
    /// <param name="context">The context that carries the change the event tells of.</param>
    /// <param name="message">The event.</param>
    /// <param name="aggregate">Events of one aggregate are delivered in the order they were added.</param>
    public static void AddEvent(this DbContext context, IIntegrationEvent message, string aggregate) =>
        context.Set<OutboxMessage>().Add(OutboxMessage.From(message, aggregate));

    /// <inheritdoc cref="AddEvent(DbContext, IIntegrationEvent, string)"/>
    public static void AddEvent(this DbContext context, IIntegrationEvent message, Guid aggregate) =>
        context.AddEvent(message, aggregate.ToString());
}
