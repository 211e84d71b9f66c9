using System.Net;
using System.Net.Sockets;
using Gateway.Tests.Support;
using Platform.Testing;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;

namespace Gateway.Tests;

public sealed class RequestAuditJournalTests(PlatformServers servers) : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private Surroundings _around = null!;
    private AuditQueue _audit = null!;

    public async ValueTask InitializeAsync()
    {
        _around = await Surroundings.StartAsync(servers);
        _audit = new AuditQueue(_around.Messaging);
    }

    public async ValueTask DisposeAsync()
    {
        await _audit.DisposeAsync();
        await _around.DisposeAsync();
    }

    [Fact]
    public async Task Counts_OfAllWindows_SayWhatWasRecordedAndLeaveNoGap()
    {
        await _audit.StartAsync();
        var gateway = await _around.StartGatewayAsync(changes: [("RequestAudit:CountEvery", "00:00:00.100"), ("RequestAudit:Window", "00:00:00.020")]);
        await gateway.MustHaveBusAsync();
        for (var round = 0; round < 10; round++)
        {
            await gateway.GetAsync("/connect/x");
            await gateway.GetAsync("/api/v1/auth/me");
            await gateway.GetAsync("/nothing");
            await Eventually.Async(() => _audit.Records.Count == (round + 1) * 3, Patience, "the records did not come");
        }

        await gateway.DisposeAsync(); // tells the rest
        await Eventually.Async(() => _audit.Counts.Sum(Total) >= 30, Patience, "the counts did not come");

        RequestsCounted[] counts = [.. _audit.Counts];
        Assert.Equal((10, 10, 10, 0), (counts.Sum(count => count.Success), counts.Sum(count => count.Denied), counts.Sum(count => count.Failure), counts.Sum(count => count.Dropped)));
        Assert.True(counts.Length > 1);
        Assert.Equal(Enumerable.Range(0, counts.Length).Select(number => (long)number), counts.Select(count => count.Number));
        MustFollow(counts.Select(count => (count.First!.Value, Total(count))));
        MustFollow(_audit.Batches.Select(batch => (batch.First!.Value, (long)batch.Requests.Count)));
        Assert.Single(counts.Select(count => (count.GatewayId, count.Run)).Concat(_audit.Batches.Select(batch => (batch.GatewayId, batch.Run!.Value))).Distinct());
        Assert.All(counts.Zip(counts.Skip(1)), pair => Assert.True(pair.First.To <= pair.Second.From));
    }

    [Fact]
    public async Task Kill_BeforeTheBatchIsSent_LosesNoRecordThatWasWritten()
    {
        var settings = _around.Settings();
        var address = new Uri($"http://127.0.0.1:{FreePort()}");
        settings["ASPNETCORE_URLS"] = address.AbsoluteUri;
        settings["RequestAudit:Window"] = "00:00:10";
        await _audit.StartAsync();
        using (var process = ServiceProcess.Start(typeof(GatewayInstance).Assembly, settings))
        {
            using HttpClient client = new() { BaseAddress = address };
            await Eventually.Async(async () => await AnswersAsync(client), Patience, "the gateway did not start");
            for (var number = 0; number < 50; number++)
            {
                using HttpRequestMessage request = new(HttpMethod.Get, "/nothing") { Headers = { { "X-Request-Id", $"r-{number:000}" } } };
                Assert.Equal(HttpStatusCode.NotFound, (await client.SendAsync(request)).StatusCode);
            }

            await Eventually.Async(() => Written("r-049"), Patience, "the record was not written");
            await process.KillAsync();
        }

        Assert.Empty(_audit.Batches); // all of them were in the window
        await _around.StartGatewayAsync();

        await Eventually.Async(() => _audit.Records.Count(IsOurs) == 50, Patience, "records are missing");
        Assert.Equal(Enumerable.Range(0, 50).Select(number => $"r-{number:000}"), _audit.Records.Where(IsOurs).Select(record => record.RequestId));
        Assert.Equal("gateway-1", _audit.Batches.First().GatewayId); // by the one who recorded them, though another sent them
    }

    [Fact]
    public async Task Backlog_OfABrokerThatWasAway_ComesInLargerBatches()
    {
        await _audit.StartAsync();
        var gateway = await _around.StartGatewayAsync(changes: [("RequestAudit:Batch", "5"), ("RequestAudit:CatchUpBatch", "20"), ("RequestAudit:Window", "00:00:00.020")]);
        await gateway.MustHaveBusAsync();
        _around.Broker.Cut();
        for (var number = 0; number < 100; number++)
        {
            await gateway.GetAsync("/nothing");
        }

        _around.Broker.Mend();
        await Eventually.Async(() => _audit.Records.Count == 100, Patience, "the records did not come");
        Assert.InRange(_audit.Batches.Max(batch => batch.Requests.Count), 6, 20);
    }

    [Fact]
    public async Task Counts_OfRequestsWithApiKeys_SayHowOftenEachWasUsed()
    {
        await _audit.StartAsync();
        var keys = Enumerable.Range(0, 2).Select(static number => (Secret: $"pk_key-{number}", Id: Guid.CreateVersion7())).ToArray();
        foreach (var (secret, id) in keys)
        {
            var claims = Issuer.Claims(Scopes.DevicesRead);
            claims["key_id"] = id.ToString();
            _around.Answers.Keys[secret] = claims;
        }

        var gateway = await _around.StartGatewayAsync();
        await gateway.MustHaveBusAsync();
        var before = TimeProvider.System.GetUtcNow();
        for (var number = 0; number < 5; number++)
        {
            await gateway.SendAsync(HttpMethod.Get, "/api/v1/devices", null, null, ("X-API-Key", keys[number % 2].Secret));
            await gateway.GetAsync("/api/v1/auth/me", _around.Issuer.User());
        }

        // Its scope is not enough, and the key was used all the same; a wrong one is nobody's.
        await gateway.SendAsync(HttpMethod.Get, "/api/v1/audit/logs", null, null, ("X-API-Key", keys[1].Secret));
        await gateway.SendAsync(HttpMethod.Get, "/api/v1/devices", null, null, ("X-API-Key", "pk_wrong"));
        await gateway.DisposeAsync(); // tells the count

        await Eventually.Async(() => _audit.Counts.Sum(Total) >= 12, Patience, "the counts did not come");
        var uses = _audit.Counts.SelectMany(count => count.ApiKeys ?? []).ToLookup(use => use.KeyId);
        Assert.Equal(2, uses.Count);
        Assert.Equal([3, 3], keys.Select(key => uses[key.Id].Sum(use => use.Count)));
        Assert.All(uses.SelectMany(use => use), use => Assert.InRange(use.LastAt, before, TimeProvider.System.GetUtcNow()));
    }

    [Fact]
    public async Task Disk_ThatIsFull_DropsWhatComesAndTheCountTells()
    {
        var gateway = await _around.StartGatewayAsync(changes:
        [
            ("RequestAudit:SpoolBytes", "4096"), ("RequestAudit:SegmentBytes", "1024"), ("RequestAudit:ConfirmTimeout", "00:00:00.500"), ("RequestAudit:CountEvery", "00:00:00.200"),
        ]);
        _around.Broker.Cut();
        for (var number = 0; number < 40; number++)
        {
            await gateway.GetAsync("/nothing");
        }

        _around.Broker.Mend();
        await _audit.StartAsync();
        await Eventually.Async(() => _audit.Counts.Sum(Total) + _audit.Counts.Sum(count => count.Dropped) == 40, Patience, "the counts do not add up");
        Assert.InRange(_audit.Counts.Sum(count => count.Dropped), 1, 39);
        await Eventually.Async(() => _audit.Records.Count == _audit.Counts.Sum(Total), Patience, "records that were counted did not come");

        // There is room again.
        await gateway.GetAsync("/nothing");
        await Eventually.Async(() => _audit.Counts.Sum(Total) + _audit.Counts.Sum(count => count.Dropped) == 41, Patience, "nothing more was counted");
    }

    private static long Total(RequestsCounted count) => count.Success + count.Denied + count.Failure;

    private static bool IsOurs(RequestRecord record) => record.RequestId?.StartsWith("r-", StringComparison.Ordinal) == true;

    private static void MustFollow(IEnumerable<(long First, long Count)> parts)
    {
        var next = 0L;
        foreach (var (first, count) in parts)
        {
            Assert.Equal(next, first);
            next = first + count;
        }
    }

    private static async Task<bool> AnswersAsync(HttpClient client)
    {
        try
        {
            await client.GetAsync("/nothing");
            return true;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private bool Written(string text) => Directory.EnumerateFiles(_around.SpoolFolder, "*.ndjson", SearchOption.AllDirectories).Any(path =>
    {
        using StreamReader reader = new(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        return reader.ReadToEnd().Contains(text, StringComparison.Ordinal);
    });

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
