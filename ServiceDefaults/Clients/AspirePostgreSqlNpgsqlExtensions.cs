using System.Data.Common;
using Aspire.Npgsql;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Npgsql;
using ServiceDefaults.Clients;
using ServiceDefaults.Telemetry;

namespace Microsoft.Extensions.Hosting;

/// <summary>PostgreSQL clients, with the names and configuration of Aspire's integration, which takes their place under <c>UseAspire</c>.</summary>
public static class AspirePostgreSqlNpgsqlExtensions
{
    private const string Section = "Aspire:Npgsql";

    /// <summary>
    /// Registers <see cref="NpgsqlDataSource"/> and <see cref="NpgsqlConnection"/> with logging, spans, metrics and a
    /// readiness check. A missing connection string stops the host at start, not here: tools build the host without one.
    /// </summary>
    public static void AddNpgsqlDataSource(
        this IHostApplicationBuilder builder, string connectionName,
        Action<NpgsqlSettings>? configureSettings = null, Action<NpgsqlDataSourceBuilder>? configureDataSourceBuilder = null)
    {
        NpgsqlSettings settings = Register(builder, connectionName, "PostgreSql", configureSettings,
            static services => services.GetRequiredService<NpgsqlDataSource>());
        builder.Services.AddSingleton(services => Build(services, connectionName, settings, configureDataSourceBuilder));
        builder.Services.AddSingleton<DbDataSource>(static services => services.GetRequiredService<NpgsqlDataSource>());
        builder.Services.AddTransient(static services => services.GetRequiredService<NpgsqlDataSource>().CreateConnection());
        builder.Services.AddTransient<DbConnection>(static services => services.GetRequiredService<NpgsqlConnection>());
    }

    /// <summary>The same, registered under the key <paramref name="name"/>, which is also the name of its connection string.</summary>
    public static void AddKeyedNpgsqlDataSource(
        this IHostApplicationBuilder builder, string name,
        Action<NpgsqlSettings>? configureSettings = null, Action<NpgsqlDataSourceBuilder>? configureDataSourceBuilder = null)
    {
        NpgsqlSettings settings = Register(builder, name, $"PostgreSql_{name}", configureSettings,
            services => services.GetRequiredKeyedService<NpgsqlDataSource>(name));
        builder.Services.AddKeyedSingleton(name, (services, _) => Build(services, name, settings, configureDataSourceBuilder));
        builder.Services.AddKeyedTransient(name, static (services, key) => services.GetRequiredKeyedService<NpgsqlDataSource>(key).CreateConnection());
    }

    private static NpgsqlSettings Register(
        IHostApplicationBuilder builder, string name, string checkName,
        Action<NpgsqlSettings>? configure, Func<IServiceProvider, NpgsqlDataSource> source)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(name);
        NpgsqlSettings settings = new();
        builder.Configuration.GetSection(Section).Bind(settings);
        builder.Configuration.GetSection($"{Section}:{name}").Bind(settings);
        settings.ConnectionString = builder.Configuration.GetConnectionString(name) ?? settings.ConnectionString;
        configure?.Invoke(settings);

        builder.Services.RequireConnection(name, Section, () => settings.ConnectionString, static text => new NpgsqlConnectionStringBuilder(text));
        if (!settings.DisableHealthChecks)
        {
            builder.Services.AddHealthChecks().Add(new HealthCheckRegistration(
                checkName, services => new PostgreSqlHealthCheck(source(services)), failureStatus: null, ["ready"], TimeSpan.FromSeconds(2)));
        }

        if (settings.DisableMetrics)
        {
            builder.Services.AddSingleton(new MutedMeter("Npgsql"));
        }

        return settings;
    }

    private static NpgsqlDataSource Build(
        IServiceProvider services, string name, NpgsqlSettings settings, Action<NpgsqlDataSourceBuilder>? configure)
    {
        string connection = RequiredConnections.Require(name, Section, settings.ConnectionString);
        NpgsqlDataSourceBuilder builder = new(connection)
        {
            Name = name, // the pool's name in metrics, in place of the connection string
        };
        builder.UseLoggerFactory(services.GetService<ILoggerFactory>());
        if (settings.DisableTracing)
        {
            builder.ConfigureTracing(static tracing => tracing.ConfigureCommandFilter(static _ => false).ConfigureBatchFilter(static _ => false));
        }

        configure?.Invoke(builder);
        return builder.Build();
    }
}
