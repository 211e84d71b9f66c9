using System.Net.Sockets;
using Npgsql;
using Polly.CircuitBreaker;
using Polly.Timeout;
using StackExchange.Redis;

namespace ServiceDefaults.Problems;

/// <summary>Tells a dependency that is away (try again) from a fault of this service (do not).</summary>
internal static class Outage
{
    private const int DeepestCause = 8;

    /// <summary>True when any cause in the chain is an unreachable or overloaded database, cache or service.</summary>
    public static bool IsCauseOf(Exception fault)
    {
        Exception? cause = fault;
        for (int depth = 0; cause is not null && depth < DeepestCause; depth++, cause = cause.InnerException)
        {
            if (IsOutage(cause))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsOutage(Exception cause) => cause switch
    {
        // 57P01..03: the server is going down or coming up; 53300: it has no connection left.
        PostgresException server => server.IsTransient || server.SqlState is "57P01" or "57P02" or "57P03" or "53300",
        NpgsqlException client => client.IsTransient || client.InnerException is SocketException or IOException or TimeoutException,
        RedisConnectionException or RedisTimeoutException => true,
        BrokenCircuitException or TimeoutRejectedException => true,
        HttpRequestException { StatusCode: null or >= System.Net.HttpStatusCode.InternalServerError } => true,
        MassTransit.ConnectionException => true,
        OperationCanceledException { InnerException: TimeoutException } => true,
        _ => false,
    };
}
