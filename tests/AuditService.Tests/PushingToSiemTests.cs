using AuditService.Data;
using AuditService.Recording;
using AuditService.Tests.Support;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace AuditService.Tests;

/// <summary>A receiver has every record at least once, in order, and can see for itself that nothing is missing.</summary>
public sealed class PushingToSiemTests(RunningAudit audit)
{
    private const string Secret = "Bearer weak-secret-of-the-tests";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Guid _tenant = RunningAudit.NewId();

    [Fact]
    public async Task Push_ToAReceiverThatFailsHangsBreaksAndRestarts_LosesNothing()
    {
        await using var siem = await SiemReceiver.StartAsync();
        siem.Script(
            Reception.Fail, Reception.Redirect, Reception.Take, Reception.TooLarge, Reception.TakeAndBreak, Reception.TakeAndBreak, Reception.Hang);
        var settings = await SettingsAsync(siem);
        await using var host = audit.Host(settings);
        await RecordAsync(host, 60);
        await WaitForAsync(siem, 60);
        Assert.Contains(siem.Taken.GroupBy(batch => batch.Id, StringComparer.Ordinal), same => same.Count() > 1);
        Assert.All(siem.Requests, request => Assert.Equal(Secret, request.Authorization));
        Assert.Contains(siem.Requests, request => request.How == Reception.Redirect);

        await siem.RestartAsync(() => RecordAsync(host, 30));
        await WaitForAsync(siem, 90);
        Assert.Equal(
            90, siem.Taken.SelectMany(batch => batch.Lines).Select(line => line.GetProperty("record").GetProperty("id").GetString()).Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public async Task Kill_WhileABatchIsOnItsWay_TheSuccessorSendsTheSameAndGoesOn()
    {
        await using var siem = await SiemReceiver.StartAsync();
        siem.Script(Reception.Take);
        siem.Otherwise = Reception.Hang;
        var settings = await SettingsAsync(siem);
        settings["Push:Format"] = "ndjson";
        await using (var first = audit.Host(With(settings, "Push:Address", "")))
        {
            await RecordAsync(first, 45);
        }

        using (var process = ServiceProcess.Start(typeof(AuditDbContext).Assembly, audit.Settings.With(settings)))
        {
            await Eventually.Async(() => siem.Requests.Count >= 2, Patience, $"nothing was pushed: {process.Output}");
            await process.KillAsync();
            Assert.DoesNotContain("weak-secret", process.Output, StringComparison.Ordinal);
        }

        var (taken, open) = (siem.Requests.First(), siem.Requests.ElementAt(1));
        Assert.Equal(taken.To, open.From);
        siem.Otherwise = Reception.Take;
        settings["Push:Batch"] = "7"; // what was on its way keeps its bounds
        await using var successor = audit.Host(settings);
        Assert.NotNull(successor.Services);
        await WaitForAsync(siem, 45);
        Assert.Equal(open.Id, siem.Taken.ElementAt(1).Id);
        Assert.Equal(1, siem.Taken.Count(batch => batch.From == 0));
    }

    [Fact]
    public async Task Push_ByTwoReplicas_SendsEachBatchOnce()
    {
        await using var siem = await SiemReceiver.StartAsync();
        var settings = await SettingsAsync(siem);
        settings["Push:Format"] = "ocsf";
        await using var one = audit.Host(settings);
        await RecordAsync(one, 5);
        await using var other = audit.Host(settings);
        for (var turn = 1; turn <= 4; turn++)
        {
            await RecordAsync(turn % 2 == 0 ? one : other, 25);
            await Eventually.Async(() => siem.Taken.Sum(batch => batch.Lines.Length) >= 5 + (turn * 25), Patience, "records did not come");
        }

        Assert.Equal(siem.Requests.Count, siem.Requests.Select(batch => batch.Id).Distinct(StringComparer.Ordinal).Count());
        var line = siem.Requests.First().Lines[0];
        Assert.Equal(0, line.GetProperty("metadata").GetProperty("sequence").GetInt64());
        Assert.Equal(32, line.GetProperty("unmapped").GetProperty("leaf").GetBytesFromBase64().Length);
    }

    [Fact]
    public async Task Health_WhileTheReceiverIsBehind_IsDegradedAndHealsNotUnready()
    {
        await using var siem = await SiemReceiver.StartAsync();
        siem.Otherwise = Reception.Fail;
        var settings = await SettingsAsync(siem);
        settings["Push:DegradedAfter"] = "00:00:00.050";
        await using var host = audit.Host(settings);
        var health = host.Services.GetRequiredService<HealthCheckService>();
        await RecordAsync(host, 1);
        HealthReport? report = null;
        await Eventually.Async(
            async () => (report = await health.CheckHealthAsync(check => check.Name == "push")).Entries["push"].Description?.Contains("HTTP 500", StringComparison.Ordinal) == true,
            Patience,
            "it does not say why");
        Assert.Equal(HealthStatus.Degraded, report!.Status);
        Assert.DoesNotContain("ready", report.Entries["push"].Tags);
        siem.Otherwise = Reception.Take;
        await Eventually.Async(
            async () => (await health.CheckHealthAsync(check => check.Name == "push")).Status == HealthStatus.Healthy, Patience, "it did not heal");
    }

    [Theory]
    [InlineData("http://siem.example/events")]
    [InlineData("https://user@siem.example/events")]
    [InlineData("ftp://127.0.0.1/events")]
    [InlineData("events")]
    public async Task Start_WithAnAddressThatIsNotSafe_IsRefused(string address)
    {
        var settings = audit.Settings.With(new Dictionary<string, string>(StringComparer.Ordinal) { ["Push:Address"] = address });
        using var process = ServiceProcess.Start(typeof(AuditDbContext).Assembly, settings);
        Assert.NotEqual(0, await process.ExitAsync(Patience));
        Assert.Contains("Push:Address", process.Output, StringComparison.Ordinal);
    }

    private static Dictionary<string, string> With(Dictionary<string, string> settings, string key, string value) =>
        new(settings, StringComparer.Ordinal) { [key] = value };

    private async Task<Dictionary<string, string>> SettingsAsync(SiemReceiver siem)
    {
        var settings = await audit.SettingsOfItsOwnAsync();
        settings["Push:Address"] = siem.Address;
        settings["Push:Authorization"] = Secret;
        settings["Push:Batch"] = "20";
        settings["Push:Every"] = "00:00:00.050";
        settings["Push:FirstDelay"] = "00:00:00.050";
        settings["Push:LongestDelay"] = "00:00:00.200";
        settings["Resilience:Clients:siem:Retries"] = "0";
        settings["Resilience:Clients:siem:AttemptTimeoutSeconds"] = "1";
        settings["Resilience:Clients:siem:BreakerMinimumRequests"] = "10000";
        return settings;
    }

    private async Task RecordAsync(WebApplicationFactory<AuditDbContext> host, int count) =>
        await host.Services.GetRequiredService<RecordWriter>().StoreAsync(
            [.. Enumerable.Range(0, count).Select(_ => AuditRow.From(Told.Record(_tenant), new Cleaning(65_536), TimeProvider.System.GetUtcNow()))], default);

    private static Task WaitForAsync(SiemReceiver siem, long count) => Eventually.Async(
        () => siem.Taken.Any() && siem.Taken.Max(batch => batch.To) >= count && siem.Verified() == count, Patience, $"{count} records did not come");
}
