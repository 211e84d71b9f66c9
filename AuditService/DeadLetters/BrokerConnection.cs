using RabbitMQ.Client;

namespace AuditService.DeadLetters;

/// <summary>A connection of the dead letters' own: MassTransit's gives no way to a message as it is.</summary>
internal sealed class BrokerConnection(IConfiguration configuration) : IAsyncDisposable
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private IConnection? _connection;

    /// <summary>A new channel; its owner closes it.</summary>
    /// <exception cref="RabbitMQ.Client.Exceptions.RabbitMQClientException">The broker is away.</exception>
    public async Task<IChannel> OpenChannelAsync(CreateChannelOptions? options, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (_connection is not { IsOpen: true })
            {
                if (_connection is not null)
                {
                    await _connection.DisposeAsync();
                    _connection = null;
                }

                // Who uses a channel notices its end and asks for another; a recovery behind its back would hide that.
                ConnectionFactory factory = new()
                {
                    Uri = new Uri(configuration.GetConnectionString("messaging")!),
                    AutomaticRecoveryEnabled = false,
                    ClientProvidedName = "audit dead letters",
                };
                _connection = await factory.CreateConnectionAsync(cancellationToken);
            }

            return await _connection.CreateChannelAsync(options, cancellationToken);
        }
        finally
        {
            _gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection is not null)
        {
            await _connection.DisposeAsync();
        }

        _gate.Dispose();
    }
}
