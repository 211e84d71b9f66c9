using MassTransit;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Platform.Testing;
using ServiceDefaults.Contracts;

[assembly: AssemblyFixture(typeof(PlatformServers))]

namespace Gateway.Tests.Support;

/// <summary>
/// All that is around a gateway: services that tell what reached them, an issuer, the revocation stream in a Redis
/// database of its own, a virtual host of RabbitMQ. Redis and RabbitMQ are reached over cables that can be cut.
/// </summary>
internal sealed class Surroundings : IAsyncDisposable
{
    // All tests come from one address; those about rate limits set their own.
    private const string Plenty = "1000000";

    private readonly List<GatewayHost> _gateways = [];
    private readonly List<CuttableLink> _cables = [];
    private readonly string _folder = Directory.CreateTempSubdirectory("gateway-tests-").FullName;
    private int _next;

    private Surroundings()
    {
    }

    public Issuer Issuer { get; } = new();

    /// <summary>What the identity service answers to the gateway itself.</summary>
    public IdentityEndpoints Answers { get; private set; } = null!;

    public Service Identity { get; private set; } = null!;

    public Service Audit { get; private set; } = null!;

    public Service Notification { get; private set; } = null!;

    public Service Device { get; private set; } = null!;

    public RevocationWriter Revocations { get; private set; } = null!;

    public CuttableLink Redis { get; private set; } = null!;

    public CuttableLink Broker { get; private set; } = null!;

    /// <summary>The virtual host, not over the cable.</summary>
    public string Messaging { get; private set; } = null!;

    public string SpoolFolder => Path.Combine(_folder, "spool");

    private string _redis = null!;

    public static async Task<Surroundings> StartAsync(PlatformServers servers)
    {
        Surroundings around = new();
        around.Answers = new IdentityEndpoints(around.Issuer, () => around.Revocations);
        around.Identity = await Service.StartAsync("identity", around.AnswerAsIdentityAsync);
        around.Audit = await Service.StartAsync("audit");
        around.Notification = await Service.StartAsync("notification");
        around.Device = await Service.StartAsync("device");
        around._redis = await servers.CreateRedisDatabaseAsync();
        around.Messaging = await servers.CreateMessagingAsync();
        around.Revocations = await RevocationWriter.StartAsync(around._redis);
        var (host, port) = RedisAddress(around._redis);
        around.Redis = new CuttableLink(host, port);
        Uri broker = new(around.Messaging);
        around.Broker = new CuttableLink(broker.Host, broker.Port);
        return around;
    }

    public Task<GatewayHost> StartGatewayAsync(bool ready = true, params (string Key, string? Value)[] changes) =>
        StartGatewayAsync(static _ => { }, ready, changes);

    public async Task<GatewayHost> StartGatewayAsync(Action<ILoggingBuilder> logging, bool ready = true, params (string Key, string? Value)[] changes)
    {
        var settings = Settings();
        foreach (var (key, value) in changes)
        {
            settings[key] = value;
        }

        var gateway = await GatewayHost.StartAsync(settings, ready, logging);
        _gateways.Add(gateway);
        return gateway;
    }

    /// <summary>Another cable to Redis, and the setting of a gateway that hangs on it.</summary>
    public (CuttableLink Cable, (string Key, string? Value) Setting) OwnCable()
    {
        var (host, port) = RedisAddress(_redis);
        CuttableLink cable = new(host, port);
        _cables.Add(cable);
        return (cable, ("ConnectionStrings:redis", RedisOver(cable)));
    }

    /// <summary>The bus as the identity service has it.</summary>
    public async Task<IBusControl> StartBusAsync()
    {
        var bus = Bus.Factory.CreateUsingRabbitMq(rabbit =>
        {
            rabbit.Host(new Uri(Messaging));
            rabbit.Publish<IIntegrationEvent>(topology => topology.Exclude = true);
        });
        await bus.StartAsync();
        return bus;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var gateway in _gateways)
        {
            await gateway.DisposeAsync();
        }

        foreach (var cable in (CuttableLink[])[.. _cables, Redis, Broker])
        {
            await cable.DisposeAsync();
        }

        await Revocations.DisposeAsync();
        foreach (var service in (Service[])[Identity, Audit, Notification, Device])
        {
            await service.DisposeAsync();
        }

        Issuer.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>What a gateway needs to be told to live here.</summary>
    public Dictionary<string, string?> Settings()
    {
        return new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase)
        {
            ["Gateway:Id"] = $"gateway-{++_next}",
            ["ConnectionStrings:redis"] = RedisOver(Redis),
            ["ConnectionStrings:messaging"] = new UriBuilder(Messaging) { Host = "127.0.0.1", Port = Broker.Port }.Uri.AbsoluteUri,
            ["Authentication:Issuer"] = Issuer.Name,
            ["Identity:ClientSecret"] = IdentityEndpoints.Secret,
            ["Authentication:KeySetAddress"] = "http://identity/.well-known/jwks.json",
            ["RequestAudit:SpoolDirectory"] = SpoolFolder,
            ["RateLimits:Policies:address:Permits"] = Plenty,
            ["RateLimits:Policies:sign-in:Permits"] = Plenty,
            ["RateLimits:Policies:user:Permits"] = Plenty,
            ["RateLimits:Policies:device:Permits"] = Plenty,
            ["RateLimits:Policies:tenant:Permits"] = Plenty,
            ["RateLimits:Policies:api-key:Permits"] = Plenty,
            ["services:identity:http:0"] = Identity.Url,
            ["services:audit:http:0"] = Audit.Url,
            ["services:notification:http:0"] = Notification.Url,
            ["services:device:http:0"] = Device.Url,
        };
    }

    private string RedisOver(CuttableLink cable)
    {
        var (host, port) = RedisAddress(_redis);
        return _redis.Replace($"{host}:{port}", $"127.0.0.1:{cable.Port}", StringComparison.Ordinal);
    }

    private static (string Host, int Port) RedisAddress(string redis)
    {
        var endpoint = redis.Split(',')[0].Split(':');
        return (endpoint[0], int.Parse(endpoint[1], System.Globalization.CultureInfo.InvariantCulture));
    }

    private async Task AnswerAsIdentityAsync(HttpContext context)
    {
        if (!await Answers.TryAnswerAsync(context))
        {
            await Service.EchoAsync(context);
        }
    }
}
