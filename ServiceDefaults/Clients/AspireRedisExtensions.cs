using Aspire.StackExchange.Redis;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using ServiceDefaults.Clients;
using StackExchange.Redis;

namespace Microsoft.Extensions.Hosting;

/// <summary>Redis clients, with the names and configuration of Aspire's integration, which takes their place under <c>UseAspire</c>.</summary>
public static class AspireRedisExtensions
{
    private const string Section = "Aspire:StackExchange:Redis";

    /// <summary>
    /// Registers <see cref="IConnectionMultiplexer"/> with a readiness check. The service starts while Redis is away
    /// and connects when it comes; a missing connection string stops the host at start.
    /// </summary>
    public static void AddRedisClient(
        this IHostApplicationBuilder builder, string connectionName,
        Action<StackExchangeRedisSettings>? configureSettings = null, Action<ConfigurationOptions>? configureOptions = null)
    {
        StackExchangeRedisSettings settings = Register(builder, connectionName, "StackExchange.Redis", configureSettings,
            static services => services.GetRequiredService<IConnectionMultiplexer>());
        builder.Services.AddSingleton<IConnectionMultiplexer>(_ => Connect(connectionName, settings, configureOptions));
    }

    /// <summary>The same, registered under the key <paramref name="name"/>, which is also the name of its connection string.</summary>
    public static void AddKeyedRedisClient(
        this IHostApplicationBuilder builder, string name,
        Action<StackExchangeRedisSettings>? configureSettings = null, Action<ConfigurationOptions>? configureOptions = null)
    {
        StackExchangeRedisSettings settings = Register(builder, name, $"StackExchange.Redis_{name}", configureSettings,
            services => services.GetRequiredKeyedService<IConnectionMultiplexer>(name));
        builder.Services.AddKeyedSingleton<IConnectionMultiplexer>(name, (_, _) => Connect(name, settings, configureOptions));
    }

    private static StackExchangeRedisSettings Register(
        IHostApplicationBuilder builder, string name, string checkName,
        Action<StackExchangeRedisSettings>? configure, Func<IServiceProvider, IConnectionMultiplexer> connection)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(name);
        StackExchangeRedisSettings settings = new();
        builder.Configuration.GetSection(Section).Bind(settings);
        builder.Configuration.GetSection($"{Section}:{name}").Bind(settings);
        settings.ConnectionString = builder.Configuration.GetConnectionString(name) ?? settings.ConnectionString;
        configure?.Invoke(settings);

        builder.Services.RequireConnection(name, Section, () => settings.ConnectionString, static text => ConfigurationOptions.Parse(text));
        if (!settings.DisableHealthChecks)
        {
            builder.Services.AddHealthChecks().Add(new HealthCheckRegistration(
                checkName, services => new RedisHealthCheck(() => connection(services)), failureStatus: null, ["ready"], TimeSpan.FromSeconds(2)));
        }

        return settings;
    }

    private static ConnectionMultiplexer Connect(
        string name, StackExchangeRedisSettings settings, Action<ConfigurationOptions>? configure)
    {
        ConfigurationOptions options = ConfigurationOptions.Parse(RequiredConnections.Require(name, Section, settings.ConnectionString));
        options.AbortOnConnectFail = false;
        options.ConnectRetry = 3;
        options.ConnectTimeout = 2_000;
        options.ReconnectRetryPolicy = new ExponentialRetry(250, 5_000);
        configure?.Invoke(options);
        return ConnectionMultiplexer.Connect(options);
    }
}
