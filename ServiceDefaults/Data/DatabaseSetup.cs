using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace ServiceDefaults.Data;

/// <summary>A service's own PostgreSQL database through EF Core.</summary>
public static class DatabaseSetup
{
    /// <summary>
    /// Adds the data source, the context and the migration at start. The service does not listen before its schema is
    /// the one this build needs.
    /// </summary>
    /// <param name="builder">The host.</param>
    /// <param name="connectionName">Key under <c>ConnectionStrings</c>, for example <c>auditdb</c>.</param>
    /// <param name="seed">Run after the migration under the same lock; must do nothing the second time.</param>
    /// <param name="connections">Settings of the connections that suit the service's use of them.</param>
    public static IHostApplicationBuilder AddDatabase<TContext>(
        this IHostApplicationBuilder builder,
        string connectionName,
        Func<IServiceProvider, TContext, CancellationToken, Task>? seed = null,
        Action<NpgsqlConnectionStringBuilder>? connections = null)
        where TContext : DbContext
    {
        builder.AddNpgsqlDataSource(connectionName, configureDataSourceBuilder: source => connections?.Invoke(source.ConnectionStringBuilder));
        builder.Services.TryAddScoped<TenantScope>();

        // The options hold nothing of a request; made for each, they cost as much as a query.
        builder.Services.AddDbContext<TContext>(
            (services, options) => options.UseNpgsql(
                services.GetRequiredService<NpgsqlDataSource>(),
                postgres => postgres.MigrationsHistoryTable("migrations")),
            optionsLifetime: ServiceLifetime.Singleton);
        builder.Services.AddHostedService(services => new DatabaseMigration<TContext>(
            services, seed, services.GetRequiredService<ILogger<DatabaseMigration<TContext>>>()));
        return builder;
    }
}
