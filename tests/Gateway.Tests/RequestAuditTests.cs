using System.Collections.Concurrent;
using System.Net;
using Gateway.Tests.Support;
using MassTransit;
using Platform.Testing;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;

namespace Gateway.Tests;

public sealed class RequestAuditTests(PlatformServers servers) : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ConcurrentQueue<RequestsAudited> _batches = [];
    private Surroundings _around = null!;
    private IBusControl _auditService = null!;

    public async ValueTask InitializeAsync()
    {
        _around = await Surroundings.StartAsync(servers);
        _auditService = Bus.Factory.CreateUsingRabbitMq(rabbit =>
        {
            rabbit.Host(new Uri(_around.Messaging));
            rabbit.Publish<IIntegrationEvent>(topology => topology.Exclude = true);
            rabbit.ReceiveEndpoint("audit-requests-audited", endpoint =>
            {
                endpoint.ConcurrentMessageLimit = 1; // in the order of the queue
                endpoint.Handler<RequestsAudited>(context =>
                {
                    _batches.Enqueue(context.Message);
                    return Task.CompletedTask;
                });
            });
        });
    }

    public async ValueTask DisposeAsync()
    {
        await _auditService.StopAsync();
        await _around.DisposeAsync();
    }

    [Fact]
    public async Task Request_OfAUser_IsRecordedWhole()
    {
        await _auditService.StartAsync();
        var gateway = await _around.StartGatewayAsync();
        var claims = Issuer.Claims(Scopes.DevicesRead);
        var before = TimeProvider.System.GetUtcNow();

        var answer = await gateway.SendAsync(HttpMethod.Get, "/api/v1/devices/7?secret=x", _around.Issuer.Sign(claims.DeepClone().AsObject(), "first"), null,
            ("User-Agent", "tests/1.0"), ("X-Request-Id", "the-request"), ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
        await answer.MustHaveArrivedAsync();

        var record = await RecordAsync(record => record.RequestId == "the-request");
        Assert.Equal(new Actor(ActorKind.User, (string)claims["sub"]!, "ada"), record.Actor);
        Assert.Equal((string)claims["tid"]!, record.TenantId.ToString());
        Assert.Equal((string)claims["sid"]!, record.SessionId);
        Assert.Equal("GET", record.Method);
        Assert.Equal("/api/v1/devices/7", record.Path);
        Assert.Equal("devices-read", record.RouteId);
        Assert.Equal(200, record.StatusCode);
        Assert.Equal("tests/1.0", record.UserAgent);
        Assert.Equal("0af7651916cd43dd8448eb211c80319c", record.TraceId);
        Assert.Contains("127.0.0.1", record.Address, StringComparison.Ordinal);
        Assert.InRange(record.At, before, TimeProvider.System.GetUtcNow());
        Assert.InRange(record.Duration, TimeSpan.FromTicks(1), Patience);
    }

    [Fact]
    public async Task Request_RefusedByARateLimit_IsRecordedWithWho()
    {
        await _auditService.StartAsync();
        var gateway = await _around.StartGatewayAsync(changes: [("RateLimits:Policies:user:Permits", "1")]);
        var token = _around.Issuer.User();
        await gateway.GetAsync("/api/v1/auth/me", token);

        await gateway.SendAsync(HttpMethod.Get, "/api/v1/auth/me", token, null, ("X-Request-Id", "limited"));

        Assert.Equal((429, "auth", ActorKind.User), What(await RecordAsync(record => record.RequestId == "limited")));
    }

    [Fact]
    public async Task Requests_OfAllKinds_AreRecordedWithWhoAndWhat()
    {
        await _auditService.StartAsync();
        var gateway = await _around.StartGatewayAsync();

        await gateway.SendAsync(HttpMethod.Get, "/nothing", null, null, ("X-Request-Id", "unrouted"));
        await gateway.SendAsync(HttpMethod.Get, "/api/v1/auth/me", null, null, ("X-Request-Id", "unsigned"));
        await gateway.SendAsync(HttpMethod.Get, "/api/v1/auth/me", _around.Issuer.User(Scopes.DevicesSelf), null, ("X-Request-Id", "device"));
        await gateway.SendAsync(HttpMethod.Get, "/api/v1/auth/me", _around.Issuer.Token([Scopes.IdentitySelf], claims => claims["client_id"] = (string)claims["sub"]!), null, ("X-Request-Id", "client"));
        await gateway.SendAsync(HttpMethod.Get, "/.well-known/jwks.json", null, null, ("X-Request-Id", "public"));
        await gateway.SendAsync(HttpMethod.Get, "/openapi/index.html", null, null, ("X-Request-Id", "public"));
        await gateway.SendAsync(HttpMethod.Options, "/api/v1/auth/me", null, null, ("X-Request-Id", "public"), ("Origin", "https://console.test"), ("Access-Control-Request-Method", "GET"));
        await gateway.SendAsync(HttpMethod.Options, "/api/v1/auth/me", null, null, ("X-Request-Id", "options"));
        await gateway.SendAsync(HttpMethod.Get, "/nothing", null, null, ("X-Request-Id", "last"));

        Assert.Equal((404, null, ActorKind.Anonymous), What(await RecordAsync(record => record.RequestId == "unrouted")));
        Assert.Equal((401, "auth", ActorKind.Anonymous), What(await RecordAsync(record => record.RequestId == "unsigned")));
        Assert.Equal((403, "auth", ActorKind.Device), What(await RecordAsync(record => record.RequestId == "device")));
        Assert.Equal((200, "auth", ActorKind.Client), What(await RecordAsync(record => record.RequestId == "client")));
        Assert.Equal((401, "auth", ActorKind.Anonymous), What(await RecordAsync(record => record.RequestId == "options")));
        await RecordAsync(record => record.RequestId == "last");
        Assert.DoesNotContain(_batches.SelectMany(batch => batch.Requests), record => record.RequestId == "public");
    }

    [Fact]
    public async Task BusAway_RecordsGoToDiskAndAreSentInOrderWhenItIsBack()
    {
        await _auditService.StartAsync();
        var gateway = await _around.StartGatewayAsync(changes: [("RequestAudit:ConfirmTimeout", "00:00:01"), ("RequestAudit:Window", "00:00:00.020"), ("RequestAudit:SegmentBytes", "2048")]);
        await gateway.MustHaveBusAsync();
        await SendAsync(gateway, 0, 5);
        await MustHaveReceivedAsync(5);

        _around.Broker.Cut();
        for (var wave = 0; wave < 8; wave++)
        {
            // Each wave becomes a batch of its own, so that there is an order to keep.
            var kept = SpooledLines();
            await SendAsync(gateway, 5 + (wave * 5), 5);
            await Eventually.Async(() => SpooledLines() > kept, Patience, "nothing was kept on disk");
        }

        _around.Broker.Mend();
        await SendAsync(gateway, 45, 5);

        await MustHaveReceivedAsync(50);
        await Eventually.Async(() => SpooledLines() == 0, Patience, "the disk was not emptied");
        Assert.Equal(Enumerable.Range(0, 50).Select(number => $"r-{number:000}"), ReceivedIds());
    }

    [Fact]
    public async Task NoQueueYet_RecordsWaitOnDiskUntilTheAuditServiceIsThere()
    {
        var gateway = await _around.StartGatewayAsync();
        await gateway.MustHaveBusAsync();
        await SendAsync(gateway, 0, 3);
        await Eventually.Async(() => SpooledLines() > 0, Patience, "nothing was kept on disk");
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
            File.GetUnixFileMode(Directory.EnumerateDirectories(_around.SpoolFolder).First()));

        await _auditService.StartAsync();

        await MustHaveReceivedAsync(3);
    }

    [Fact]
    public async Task Stop_WhileTheBusIsAway_KeepsRecordsForTheNextGateway()
    {
        var first = await _around.StartGatewayAsync();
        _around.Broker.Cut();
        await SendAsync(first, 0, 20);
        await first.DisposeAsync();
        Assert.True(SpooledLines() > 0);

        // A crash in the middle of a write leaves half a line.
        await File.AppendAllTextAsync(Directory.EnumerateFiles(_around.SpoolFolder, "*.ndjson", SearchOption.AllDirectories).Order().Last(), "{\"envelope\":{\"id\":");
        _around.Broker.Mend();
        await _auditService.StartAsync();
        await _around.StartGatewayAsync();

        await MustHaveReceivedAsync(20);
        Assert.Equal(Enumerable.Range(0, 20).Select(number => $"r-{number:000}"), ReceivedIds());
    }

    private static (int Status, string? Route, ActorKind Kind) What(RequestRecord record) => (record.StatusCode, record.RouteId, record.Actor.Kind);

    private async Task<RequestRecord> RecordAsync(Func<RequestRecord, bool> fits)
    {
        RequestRecord? found = null;
        await Eventually.Async(
            () => (found = _batches.SelectMany(batch => batch.Requests).FirstOrDefault(fits)) is not null, Patience, "the record did not come");
        return found!;
    }

    private static async Task SendAsync(GatewayHost gateway, int first, int count)
    {
        for (var number = first; number < first + count; number++)
        {
            Assert.Equal(HttpStatusCode.NotFound, (await gateway.SendAsync(HttpMethod.Get, "/nothing", null, null, ("X-Request-Id", $"r-{number:000}"))).StatusCode);
        }
    }

    // By batch id, as the audit service's inbox does: a batch may come twice.
    private IEnumerable<string?> ReceivedIds() =>
        _batches.DistinctBy(batch => batch.Envelope.Id).SelectMany(batch => batch.Requests).Select(record => record.RequestId);

    private Task MustHaveReceivedAsync(int count) =>
        Eventually.Async(() => ReceivedIds().Distinct(StringComparer.Ordinal).Count() >= count, Patience, $"only some of {count} records came");

    private int SpooledLines() => Directory.Exists(_around.SpoolFolder)
        ? Directory.EnumerateFiles(_around.SpoolFolder, "*.ndjson", SearchOption.AllDirectories).Sum(CountLines)
        : 0;

    private static int CountLines(string path)
    {
        try
        {
            using StreamReader reader = new(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
            return reader.ReadToEnd().Count(letter => letter == '\n');
        }
        catch (FileNotFoundException)
        {
            return 0;
        }
    }
}
