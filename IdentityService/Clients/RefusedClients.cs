using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using IdentityService.Data;
using IdentityService.Operation;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using ServiceDefaults.Contracts;

namespace IdentityService.Clients;

/// <summary>A refused proof, as often as it is told apart: of one client, from one place.</summary>
internal readonly record struct RefusedClient(string Id, Guid TenantId, bool IsDevice, IPAddress Network);

/// <summary>
/// Keeps refused proofs from filling the audit log, which anyone could do who knows a <c>client_id</c>: the first of a
/// client from a place is recorded at once, those of the same minute are counted and recorded together at its end. What is
/// counted when the process dies is lost; that it happened is not. While the database is away, the counting goes on.
/// </summary>
internal sealed partial class RefusedClients(IServiceScopeFactory scopes, TimeProvider time, ILogger<RefusedClients> logger) : BackgroundService
{
    // Places beyond it share one count a client.
    private const int MostPlaces = 10_000;

    private static readonly TimeSpan Every = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<RefusedClient, int> _counts = [];

    /// <summary>Notes one; true when it is to be recorded now.</summary>
    public bool IsFirst(RefusedClient refused)
    {
        var key = _counts.Count < MostPlaces || _counts.ContainsKey(refused) ? refused : refused with { Network = IPAddress.None };
        return _counts.AddOrUpdate(key, 0, static (_, count) => count + 1) == 0;
    }

    /// <summary>Records what was counted. Whoever goes on is only counted from then on; whoever paused is forgotten.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var database = scope.ServiceProvider.GetRequiredService<IdentityDb>();
        List<(RefusedClient Refused, int Count)> taken = [];
        foreach (var refused in _counts.Keys)
        {
            if (_counts.TryRemove(refused, out var count) && count > 0)
            {
                Add(database, refused, count);
                taken.Add((refused, count));
                _counts.TryAdd(refused, 0);
            }
        }

        try
        {
            await database.SaveChangesAsync(cancellationToken);
        }
        catch
        {
            taken.ForEach(one => _counts.AddOrUpdate(one.Refused, one.Count, (_, since) => since + one.Count));
            throw;
        }
    }

    /// <summary>The record's action and the kind of thing it is about.</summary>
    internal static (string Action, string ResourceType) NameOf(bool isDevice) =>
        isDevice ? ("device.token_issued", "device") : ("client.authentication_failed", "client");

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var clock = new PeriodicTimer(Every, time);
        while (await clock.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await RunAsync(stoppingToken);
            }
            catch (Exception fault) when (fault is NpgsqlException or DbUpdateException or InvalidOperationException or TimeoutException)
            {
                LogFailed(logger, fault.Message);
            }
        }
    }

    private void Add(IdentityDb database, RefusedClient refused, int count)
    {
        var now = time.GetInstant();
        var (action, type) = NameOf(refused.IsDevice);
        database.AddAudit(
            new EventEnvelope(Guid.CreateVersion7(now), now, refused.TenantId, Actor.Anonymous, null, refused.Network.ToString(), null, null),
            action,
            type,
            refused.Id,
            AuditResult.Denied,
            AuditSeverity.Warning,
            detail: new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["reason"] = "repeated",
                ["count"] = count.ToString(CultureInfo.InvariantCulture),
            });
    }

    [LoggerMessage(1, LogLevel.Warning, "Refused clients that were counted could not be recorded: {Reason}")]
    private static partial void LogFailed(ILogger logger, string reason);
}
