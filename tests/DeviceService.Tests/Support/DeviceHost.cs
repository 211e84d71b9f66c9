using DeviceService.Data;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace DeviceService.Tests.Support;

// Any type of the service names its assembly; Program is the AppHost's name as well.
/// <summary>The service as it is, on Kestrel at a free port, with a database and a virtual host given to it.</summary>
internal sealed class DeviceHost : ServiceHost<DeviceDbContext>
{
    private readonly Dictionary<string, string?> _settings;

    private DeviceHost(Dictionary<string, string?> settings, TimeProvider time)
    {
        _settings = settings;
        Time = time;
    }

    public TimeProvider Time { get; }

    /// <summary>Starts it; throws what its start throws.</summary>
    public static DeviceHost Start(
        TestTokens tokens, string database, string messaging, TimeProvider? time = null, params (string Key, string Value)[] settings)
    {
        Dictionary<string, string?> all = new(tokens.Settings, StringComparer.Ordinal)
        {
            ["ConnectionStrings:devicedb"] = database,
            ["ConnectionStrings:messaging"] = messaging,
            ["Logging:LogLevel:Default"] = "Warning",
        };
        foreach (var (key, value) in settings)
        {
            all[key] = value;
        }

        var host = new DeviceHost(all, time ?? TimeProvider.System);
        host.StartServer();
        return host;
    }

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        foreach (var (key, value) in _settings)
        {
            builder.UseSetting(key, value);
        }

        builder.ConfigureTestServices(services => services.Replace(ServiceDescriptor.Singleton(Time)));
    }
}
