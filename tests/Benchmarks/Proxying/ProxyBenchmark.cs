using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Aspire.Hosting;
using Aspire.Hosting.Testing;
using Platform.LocalEngine.Testing;
using Platform.Testing;

namespace Benchmarks.Proxying;

/// <summary>
/// The gateway with everything on beside bare YARP with the same routes and nginx as a plain proxy, in alternating rounds:
/// each proxy alone on the first core, load, service and servers on the second.
/// <list type="number">
/// <item>Throughput: 64 connections without pause; the median of the rounds.</item>
/// <item>p99: the same connections at a quarter and at half of what bare YARP carried, since at saturation a percentile only says the throughput again.</item>
/// <item>What each policy costs: routes of the same gateway with one policy each.</item>
/// </list>
/// </summary>
internal static class ProxyBenchmark
{
    public const string Command = "compare-proxies";

    private const int ProxyCore = 0;
    private const int LoadCore = 1;
    private const string Password = "a password to measure with 1";
    private const string Tuned = "bare YARP, same runtime";

    // The gateway has the first two from the AppHost, the third from its own build.
    private static readonly KeyValuePair<string, string> Inline = new("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");
    private static readonly KeyValuePair<string, string> SeldomCollected = new("DOTNET_GCgen0size", "0x8000000");
    private static readonly KeyValuePair<string, string> NoSpinning = new("DOTNET_ThreadPool_UnfairSemaphoreSpinLimit", "0");

    /// <summary>Routes of the gateway by what is on; the last is what every API route has.</summary>
    private static readonly (string Name, string Access, bool Audited, bool Limited)[] Policies =
    [
        ("headers, strict HTTP, metrics", "anonymous", false, false),
        ("+ request audit", "anonymous", true, false),
        ("+ token, revocation, scope", "scope", false, false),
        ("+ token, rate limits", "scope", false, true),
        ("everything", "scope", true, true),
    ];

    /// <summary>Runs the comparison in a process held to the load's core: the servers that it starts are held there with it.</summary>
    public static async Task<int> RunAsync()
    {
        if (Missing() is { } missing)
        {
            Console.Error.WriteLine(missing);
            return 2;
        }

        using var held = Process.Start("taskset", ["-c", $"{LoadCore}", PinnedProcess.Dotnet, typeof(ProxyBenchmark).Assembly.Location, Command]);
        await held.WaitForExitAsync();
        return held.ExitCode;
    }

    public static async Task<int> CompareAsync()
    {
        var folder = Directory.CreateTempSubdirectory("proxy-benchmark-").FullName;
        try
        {
            await using var app = await TestApplication.Create<Projects.AppHost>(
                new TestApplicationOptions(), $"--Parameters:admin-password={Password}").BuildAsync();
            await app.StartAsync();
            await app.WaitAllHealthyAsync();
            var identity = app.GetEndpoint("identity");
            var issuer = app.GetEndpoint("gateway");
            foreach (var bystander in (string[])["gateway", "device", "notification", "audit"])
            {
                await app.KillAsync(bystander, holdDown: true);
            }

            var upstream = Address();
            await using var service = await Nginx.StartServiceAsync(LoadCore, upstream, Path.Combine(folder, "service"));
            var routes = Routes(upstream);
            Uri yarp = Address(), tuned = Address(), gateway = Address(), nginx = Address();
            await using var bare = await PinnedProcess.StartDotnetAsync(
                ProxyCore, yarp, [typeof(ProxyBenchmark).Assembly.Location, BareProxy.Command, Root(yarp), GatewaySettings()], routes);
            await using var same = await PinnedProcess.StartDotnetAsync(
                ProxyCore, tuned, [typeof(ProxyBenchmark).Assembly.Location, BareProxy.Command, Root(tuned), GatewaySettings()], [.. routes, Inline, SeldomCollected, NoSpinning]);
            await using var full = await PinnedProcess.StartDotnetAsync(
                ProxyCore, gateway, [Path.Combine(GatewayFolder(), "Gateway.dll")],
                [.. routes, Inline, SeldomCollected, .. RaisedLimits.OfGateway.Select(limit => KeyValuePair.Create(limit.Key, "100000000")), .. await SurroundingsAsync(app, gateway, identity, issuer, folder)]);
            await using var plain = await Nginx.StartProxyAsync(ProxyCore, nginx, upstream, Path.Combine(folder, "proxy"));
            ProxyComparison comparison = new(LoadCore, () => SignInAsync(app));
            await comparison.CompareThroughputAsync([("bare YARP", Last(yarp)), (Tuned, Last(tuned)), ("nginx", Last(nginx)), ("gateway", Last(gateway))]);
            await comparison.PriceAsync(
                [("bare YARP", Last(yarp), bare), (Tuned, Last(tuned), same), .. Policies.Select((policy, index) => (policy.Name, Route(gateway, index), full))]);
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string? Missing()
    {
        string[] needed = ["taskset", "wrk", "nginx"];
        var paths = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        List<string> absent = [.. needed.Where(name => !Array.Exists(paths, path => File.Exists(Path.Combine(path, name))))];
        return absent.Count > 0 ? $"This needs {string.Join(", ", absent)}: apt-get install util-linux wrk nginx-light"
            : Environment.ProcessorCount < 2 ? "This needs two cores." : null;
    }

    private static async Task<string> SignInAsync(DistributedApplication app)
    {
        using var client = app.CreateHttpClient("identity");
        using var login = await client.PostAsJsonAsync("/api/v1/auth/login", new { username = "admin", password = Password });
        return (await login.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("access_token").GetString()
            ?? throw new InvalidOperationException("The login gave no token.");
    }

    private static Dictionary<string, string> Routes(Uri upstream)
    {
        Dictionary<string, string> routes = new(StringComparer.Ordinal)
        {
            ["ReverseProxy__Clusters__measured__LoadBalancingPolicy"] = "WeightedDestinations",
            ["ReverseProxy__Clusters__measured__HealthCheck__Passive__Enabled"] = "true",
            ["ReverseProxy__Clusters__measured__HealthCheck__Passive__Policy"] = "CircuitBreaking",
            ["ReverseProxy__Clusters__measured__Destinations__one__Address"] = Root(upstream),
        };
        foreach (var (index, policy) in Policies.Index())
        {
            var route = $"ReverseProxy__Routes__measured-{index}__";
            routes[$"{route}ClusterId"] = "measured";
            routes[$"{route}Match__Path"] = $"/measured/{index}/{{**rest}}";
            routes[$"{route}Metadata__Access"] = policy.Access;
            routes[$"{route}Metadata__Audit"] = policy.Audited ? "true" : "false";
            if (!policy.Limited)
            {
                routes[$"{route}Metadata__RateLimits"] = "none";
            }

            if (policy.Access == "scope")
            {
                routes[$"{route}Metadata__Scopes"] = "identity:self";
            }
        }

        return routes;
    }

    private static async Task<Dictionary<string, string>> SurroundingsAsync(
        DistributedApplication app, Uri gateway, Uri identity, Uri issuer, string folder) => new(StringComparer.Ordinal)
        {
            ["ASPNETCORE_CONTENTROOT"] = GatewayFolder(),
            ["ASPNETCORE_URLS"] = Root(gateway),
            ["Management__Port"] = PinnedProcess.FreePort().ToString(CultureInfo.InvariantCulture),
            ["ConnectionStrings__redis"] = await app.GetConnectionStringAsync("redis") ?? "",
            ["ConnectionStrings__messaging"] = await app.GetConnectionStringAsync("messaging") ?? "",
            ["services__identity__http__0"] = Root(identity),
            ["Authentication__Issuer"] = Root(issuer),
            ["Identity__ClientSecret"] = "words that this measurement never needs",
            ["RequestAudit__SpoolDirectory"] = Path.Combine(folder, "spool"),
        };

    private static string GatewaySettings() => Path.Combine(GatewayFolder(), "appsettings.json");

    /// <summary>Where the gateway's own build is, of the same configuration as this program's.</summary>
    private static string GatewayFolder()
    {
        var project = Path.GetDirectoryName(new Projects.Gateway().ProjectPath)!;
        var build = AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar).Split(Path.DirectorySeparatorChar)[^3..];
        return Path.Combine([project, .. build]);
    }

    private static Uri Address() => new($"http://127.0.0.1:{PinnedProcess.FreePort()}/");

    private static string Root(Uri address) => address.GetLeftPart(UriPartial.Authority);

    private static Uri Last(Uri proxy) => Route(proxy, Policies.Length - 1);

    private static Uri Route(Uri proxy, int policy) => new(proxy, $"measured/{policy}/api/v1/devices?limit=50");
}
