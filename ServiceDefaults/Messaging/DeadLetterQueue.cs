using MassTransit;

namespace ServiceDefaults.Messaging;

/// <summary>
/// The one queue of the platform that keeps what a consumer gave up, with what went wrong and where in its headers, until
/// the audit service has stored it for an administrator to replay or discard. A quorum queue: it survives a broker.
/// </summary>
public static class DeadLetterQueue
{
    /// <summary>Name of the queue and of the exchange that feeds it.</summary>
    public const string Name = "dead-letters";

    /// <summary>Header of a replayed message: the dead letter it was.</summary>
    public const string ReplayHeader = "Platform-Replay-Of";

    /// <summary>As MassTransit declares it; another declaration must say the same.</summary>
    public static readonly IReadOnlyDictionary<string, object?> Arguments =
        new Dictionary<string, object?>(StringComparer.Ordinal) { ["x-queue-type"] = "quorum" };

    internal static void UseDeadLetterQueue(this IRabbitMqBusFactoryConfigurator rabbit)
    {
        rabbit.SendTopology.ErrorQueueNameFormatter = new OneName();
        rabbit.SendTopology.DeadLetterQueueNameFormatter = new OneName();
    }

    private sealed class OneName : IErrorQueueNameFormatter, IDeadLetterQueueNameFormatter
    {
        public string FormatErrorQueueName(string queueName) => Name;

        public string FormatDeadLetterQueueName(string queueName) => Name;
    }
}
