using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using AuditService.Evidence;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AuditService.Tests.Support;

/// <summary>What a receiver does with a request.</summary>
internal enum Reception
{
    /// <summary>Keeps it and says so.</summary>
    Take,

    /// <summary>Keeps it, and the answer is lost.</summary>
    TakeAndBreak,

    /// <summary>Says nothing, ever.</summary>
    Hang,

    /// <summary>500.</summary>
    Fail,

    /// <summary>413.</summary>
    TooLarge,

    /// <summary>302 to somewhere else.</summary>
    Redirect,
}

/// <summary>A SIEM: takes batches over HTTP, does what a test says, and checks that the log goes on where it ended.</summary>
internal sealed class SiemReceiver : IAsyncDisposable
{
    private readonly ConcurrentQueue<Reception> _script = new();
    private readonly int _port;
    private WebApplication? _app;

    private SiemReceiver(int port) => _port = port;

    /// <summary>Every request in the order in which it came.</summary>
    public ConcurrentQueue<ReceivedBatch> Requests { get; } = [];

    /// <summary>Those that were kept.</summary>
    public IEnumerable<ReceivedBatch> Taken => Requests.Where(request => request.How is Reception.Take or Reception.TakeAndBreak);

    /// <summary>After the script.</summary>
    public Reception Otherwise { get; set; } = Reception.Take;

    public string Address { get; private set; } = "";

    public static async Task<SiemReceiver> StartAsync(int port = 0)
    {
        var receiver = new SiemReceiver(port);
        await receiver.OpenAsync();
        return receiver;
    }

    public void Script(params Reception[] script) => Array.ForEach(script, _script.Enqueue);

    /// <summary>Stops listening, and listens again at the same place.</summary>
    public async Task RestartAsync(Func<Task> meanwhile)
    {
        await CloseAsync();
        await meanwhile();
        await OpenAsync();
    }

    /// <summary>The places of the log that were taken, after a check that they are whole, in order, and hash to the roots.</summary>
    public long Verified()
    {
        var frontier = new MerkleFrontier(0, []);
        foreach (var batch in Taken.DistinctBy(batch => batch.Id).OrderBy(batch => batch.From).ThenBy(batch => batch.To))
        {
            Assert.Equal(frontier.Size, batch.From);
            Assert.Equal(frontier.Root(), batch.RootBefore);
            foreach (var line in batch.Lines)
            {
                Assert.Equal(frontier.Size, line.GetProperty("index").GetInt64());
                frontier.Append(line.GetProperty("leaf").GetBytesFromBase64());
            }

            Assert.Equal(frontier.Size, batch.To);
            Assert.Equal(frontier.Root(), batch.RootAfter);
        }

        return frontier.Size;
    }

    public async ValueTask DisposeAsync() => await CloseAsync();

    private async Task OpenAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(Address.Length > 0 ? new Uri(Address).GetLeftPart(UriPartial.Authority) : $"http://127.0.0.1:{_port}");
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = null);
        _app = builder.Build();
        _app.MapPost("/events", ReceiveAsync);
        _app.MapGet("/elsewhere", () => "whoever follows is content"); // and takes a batch for delivered that nobody has
        await _app.StartAsync();
        Address = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single() + "/events";
    }

    private async Task CloseAsync()
    {
        if (_app is { } app)
        {
            using var now = new CancellationTokenSource(TimeSpan.Zero);
            await app.StopAsync(now.Token);
            await app.DisposeAsync();
            _app = null;
        }
    }

    private async Task ReceiveAsync(HttpContext context)
    {
        using var body = new StreamReader(context.Request.Body);
        var lines = (await body.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var how = _script.TryDequeue(out var next) ? next : Otherwise;
        var headers = context.Request.Headers;
        Requests.Enqueue(new ReceivedBatch(
            how,
            headers["Audit-Batch"].ToString(),
            long.Parse(headers["Audit-From"].ToString(), CultureInfo.InvariantCulture),
            long.Parse(headers["Audit-To"].ToString(), CultureInfo.InvariantCulture),
            Convert.FromBase64String(headers["Audit-Root-Before"].ToString()),
            Convert.FromBase64String(headers["Audit-Root-After"].ToString()),
            headers.Authorization.ToString(),
            [.. lines.Select(line => JsonDocument.Parse(line).RootElement.Clone())]));
        switch (how)
        {
            case Reception.TakeAndBreak:
                context.Abort();
                break;
            case Reception.Hang:
                await Hanging.UntilAsync(context.RequestAborted);
                break;
            case Reception.Redirect:
                context.Response.Redirect("/elsewhere");
                break;
            default:
                context.Response.StatusCode = how switch { Reception.Fail => 500, Reception.TooLarge => 413, _ => 202 };
                break;
        }
    }

    private static class Hanging
    {
        public static async Task UntilAsync(CancellationToken ended)
        {
            var never = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await using var end = ended.Register(never.SetResult);
            await never.Task;
        }
    }
}

/// <summary>A request at the receiver.</summary>
internal sealed record ReceivedBatch(
    Reception How, string Id, long From, long To, byte[] RootBefore, byte[] RootAfter, string Authorization, JsonElement[] Lines);
