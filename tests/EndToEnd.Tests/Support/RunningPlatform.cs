using Aspire.Hosting;
using Aspire.Hosting.Testing;
using EndToEnd.Tests.Support;
using Platform.LocalEngine.Testing;
using Platform.Testing;

[assembly: AssemblyFixture(typeof(RunningPlatform))]

namespace EndToEnd.Tests.Support;

/// <summary>The whole platform as the AppHost runs it, on free ports, with its telemetry sent to the test.</summary>
public sealed class RunningPlatform : IAsyncLifetime
{
    /// <summary>What a run would generate.</summary>
    public const string AdministratorPassword = "a-password-for-this-run-only";

    private static readonly TimeSpan StartDeadline = TimeSpan.FromMinutes(2);

    private DistributedApplication? _app;
    private OtlpCollector? _telemetry;

    public OtlpCollector Telemetry => _telemetry ?? throw new InvalidOperationException("The platform has not been started.");

    public DistributedApplication App => _app ?? throw new InvalidOperationException("The platform has not been started.");

    public async ValueTask InitializeAsync()
    {
        _telemetry = await OtlpCollector.StartAsync();
        _app = await StartAsync(new TestApplicationOptions { OtlpEndpoint = Telemetry.Endpoint });
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }

        if (_telemetry is not null)
        {
            await _telemetry.DisposeAsync();
        }
    }

    /// <summary>A visitor at the gateway: nobody is signed in yet.</summary>
    public PlatformClient Visit() => new(App.CreateHttpClient("gateway"));

    public Task<PlatformClient> AdministratorAsync() => AdministratorAsync(App);

    public static async Task<PlatformClient> AdministratorAsync(DistributedApplication app)
    {
        var administrator = new PlatformClient(app.CreateHttpClient("gateway"));
        await administrator.SignInAsync("admin", AdministratorPassword);
        return administrator;
    }

    /// <summary>A platform of a test's own, for faults.</summary>
    public static async Task<DistributedApplication> StartAsync(TestApplicationOptions options)
    {
        var builder = TestApplication.Create<Projects.AppHost>(options with { Environment = RaisedLimits.With(options.Environment) }, $"--Parameters:admin-password={AdministratorPassword}");
        var app = await builder.BuildAsync();
        await app.StartAsync();
        using var deadline = new CancellationTokenSource(StartDeadline);
        await app.WaitAllHealthyAsync(deadline.Token);
        return app;
    }
}
