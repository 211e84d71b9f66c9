using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using EndToEnd.Tests.Support;
using Platform.Testing;
using Platform.Testing.Telemetry;

namespace EndToEnd.Tests;

public sealed class FollowingOneRequestTests(RunningPlatform platform)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Register_OneTraceId_JoinsGatewayServiceBusAndConsumers()
    {
        using var person = platform.Visit();
        var trace = await RegisterInATraceAsync(person);

        var spans = await platform.Telemetry.WaitForTraceAsync(
            trace,
            seen => HasServer(seen, "gateway") && HasServer(seen, "identity")
                && HasConsumer(seen, "notification") && HasConsumer(seen, "audit") && IsWhole(seen),
            Deadline);

        var atGateway = Assert.Single(spans, span => span is { Service: "gateway", Kind: CollectedSpanKind.Server });
        Assert.Equal("POST", atGateway.Attributes["http.request.method"]);
        Assert.Equal("201", atGateway.Attributes["http.response.status_code"]);

        Assert.True(IsWhole(spans));
        Assert.Contains(spans, span => span is { Service: "identity", Kind: CollectedSpanKind.Client } && span.Attributes.ContainsKey("db.system.name"));
        Assert.DoesNotContain(spans, span => span.Status == CollectedStatus.Error);
    }

    [Fact]
    public async Task Register_InTheAuditLog_ShowsActorAddressResultDurationAndTrace()
    {
        using var person = platform.Visit();
        var trace = await RegisterInATraceAsync(person);
        using var administrator = await platform.AdministratorAsync();

        var (change, request) = (default(JsonElement), default(JsonElement));
        await Eventually.Async(
            async () =>
            {
                var records = (await administrator.GetAsync($"/api/v1/audit/logs?traceId={trace}")).GetProperty("items").EnumerateArray().ToList();
                change = records.Find(record => record.GetProperty("action").GetString() == "user.registered");
                request = records.Find(record => record.GetProperty("action").GetString() == "api.request");
                return change.ValueKind == JsonValueKind.Object && request.ValueKind == JsonValueKind.Object;
            },
            Deadline,
            "the registration or its request is not in the audit log");

        foreach (var record in (JsonElement[])[change, request])
        {
            Assert.Equal("success", record.GetProperty("result").GetString());
            Assert.True(IPAddress.IsLoopback(IPAddress.Parse(record.GetProperty("address").GetString()!)));
            Assert.Equal(trace, record.GetProperty("traceId").GetString());
            Assert.True(record.GetProperty("durationMs").GetDouble() > 0);
        }

        Assert.Equal("/api/v1/auth/register", request.GetProperty("request").GetProperty("path").GetString());
        Assert.Equal(201, request.GetProperty("request").GetProperty("status").GetInt32());
        Assert.DoesNotContain(PlatformClient.NewPassword, change.GetRawText() + request.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Telemetry_OfAWholeSession_CarriesNoSecret()
    {
        using var person = platform.Visit();
        await person.RegisterAsync();
        await person.SignInAsync();
        var first = person.RefreshToken;
        await person.RefreshAsync();
        await person.SignOutAsync();
        await Eventually.Async(() => platform.Telemetry.Logs.Any(log => log.Service == "identity"), Deadline);

        string[] secrets = [PlatformClient.NewPassword, RunningPlatform.AdministratorPassword, first, person.RefreshToken, person.AccessToken];
        var sent = platform.Telemetry.Logs.Select(log => JsonSerializer.Serialize(log))
            .Concat(platform.Telemetry.Spans.Select(span => JsonSerializer.Serialize(span)))
            .Concat(ConsoleLines());
        Assert.All(sent, text => Assert.DoesNotContain(secrets, secret => text.Contains(secret, StringComparison.Ordinal)));
    }

    private const string ClientSpan = "00f067aa0ba902b7";

    private static async Task<string> RegisterInATraceAsync(PlatformClient person)
    {
        var trace = ActivityTraceId.CreateRandom().ToHexString();
        var name = $"traced{trace[..12]}";
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/auth/register");
        request.Headers.Add("traceparent", $"00-{trace}-{ClientSpan}-01");
        request.Content = JsonContent.Create(new { username = name, email = $"{name}@platform.test", password = PlatformClient.NewPassword });
        using var answer = await person.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        return trace;
    }

    // Every span hangs on one of the same trace: no part of the way is cut off. Each process sends its spans when it likes.
    private static bool IsWhole(IReadOnlyList<CollectedSpan> spans)
    {
        var known = spans.Select(span => span.SpanId).Append(ClientSpan).ToHashSet(StringComparer.Ordinal);
        return spans.All(span => known.Contains(span.ParentId));
    }

    private static bool HasServer(IReadOnlyList<CollectedSpan> spans, string service) =>
        spans.Any(span => span.Service == service && span.Kind == CollectedSpanKind.Server);

    private static bool HasConsumer(IReadOnlyList<CollectedSpan> spans, string service) =>
        spans.Any(span => span.Service == service && span.Kind == CollectedSpanKind.Consumer);

    private IEnumerable<string> ConsoleLines() =>
        ((string[])["gateway", "identity", "notification", "audit", "device"])
            .SelectMany(service => Platform.LocalEngine.Testing.TestApplication.ConsoleOf(platform.App, service).Lines)
            .Select(line => line.Text);
}
