using System.Threading.Channels;
using Npgsql;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;
using ServiceDefaults.Messaging;

namespace AuditService.DeadLetters;

/// <summary>
/// Moves what is in the dead-letter queue into the table. Acknowledged when it is committed there: killed between the two,
/// the message comes again and its fingerprint is found.
/// </summary>
internal sealed partial class CollectDeadLetters(
    BrokerConnection broker, NpgsqlDataSource database, DeadLetterMetrics metrics, TimeProvider time, ILogger<CollectDeadLetters> logger)
    : BackgroundService
{
    private const int Batch = 100;

    private const string Insert =
        """
        INSERT INTO dead_letters (
            id, fingerprint, queue, service, event_type, event_id, tenant_id, occurred_at, failed_at, collected_at,
            fault_type, fault_message, fault_trace, replay_of, headers, body, state)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15::jsonb, $16, 'waiting')
        ON CONFLICT (fingerprint) DO NOTHING
        """;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await CollectAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault) when (fault is RabbitMQClientException or NpgsqlException or IOException or TimeoutException
                or OperationCanceledException or ChannelClosedException or InvalidOperationException)
            {
                // They stay in their queue meanwhile.
                LogNotCollected(logger, fault);
                await Task.Delay(Pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task CollectAsync(CancellationToken cancellationToken)
    {
        await using var channel = await broker.OpenChannelAsync(null, cancellationToken);
        await channel.QueueDeclareAsync(
            DeadLetterQueue.Name, durable: true, exclusive: false, autoDelete: false,
            new Dictionary<string, object?>(DeadLetterQueue.Arguments, StringComparer.Ordinal), cancellationToken: cancellationToken);
        await channel.BasicQosAsync(0, Batch, global: false, cancellationToken);
        var arrived = Channel.CreateUnbounded<(ulong Tag, DeadLetter Letter)>();
        channel.ChannelShutdownAsync += (_, reason) =>
        {
            arrived.Writer.TryComplete(new AlreadyClosedException(reason));
            return Task.CompletedTask;
        };
        AsyncEventingBasicConsumer consumer = new(channel);
        consumer.ReceivedAsync += (_, delivery) =>
        {
            // Read here: the memory is the client's, and only until this returns.
            arrived.Writer.TryWrite((delivery.DeliveryTag, DeadLetterMessage.Read(delivery.BasicProperties, delivery.Body, time.GetUtcNow())));
            return Task.CompletedTask;
        };
        await channel.BasicConsumeAsync(DeadLetterQueue.Name, autoAck: false, consumer, cancellationToken);
        while (await arrived.Reader.WaitToReadAsync(cancellationToken))
        {
            List<(ulong Tag, DeadLetter Letter)> batch = [];
            while (batch.Count < Batch && arrived.Reader.TryRead(out var next))
            {
                batch.Add(next);
            }

            await StoreAsync(batch.ConvertAll(next => next.Letter), cancellationToken);
            await channel.BasicAckAsync(batch[^1].Tag, multiple: true, cancellationToken);
        }
    }

    private async Task StoreAsync(List<DeadLetter> letters, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection);
        foreach (var letter in letters)
        {
            batch.BatchCommands.Add(CommandOf(letter));
        }

        await batch.ExecuteNonQueryAsync(cancellationToken); // one transaction
        for (var index = 0; index < letters.Count; index++)
        {
            if (batch.BatchCommands[index].RecordsAffected > 0)
            {
                metrics.Collected(letters[index].Queue, letters[index].FaultType);
                LogCollected(logger, letters[index].Id, letters[index].Queue, letters[index].EventType, letters[index].FaultType);
            }
        }
    }

    private static NpgsqlBatchCommand CommandOf(DeadLetter letter)
    {
        var command = new NpgsqlBatchCommand(Insert);
        foreach (var value in (object?[])
        [
            letter.Id, letter.Fingerprint, letter.Queue, letter.Service, letter.EventType, letter.EventId, letter.TenantId,
            letter.OccurredAt, letter.FailedAt, letter.CollectedAt, letter.FaultType, letter.FaultMessage, letter.FaultTrace,
            letter.ReplayOf, letter.Headers, letter.Body,
        ])
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value ?? DBNull.Value });
        }

        return command;
    }

    [LoggerMessage(1, LogLevel.Warning, "Dead letters cannot be collected and stay in their queue")]
    private static partial void LogNotCollected(ILogger logger, Exception fault);

    [LoggerMessage(2, LogLevel.Warning, "Dead letter {Letter}: {Queue} gave up a message of type {EventType} because of {FaultType}")]
    private static partial void LogCollected(ILogger logger, Guid letter, string queue, string? eventType, string faultType);
}
