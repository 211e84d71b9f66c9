using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ServiceDefaults.Authentication;

/// <summary>
/// The client's address and scheme from <c>X-Forwarded-For</c> and <c>X-Forwarded-Proto</c>, believed only from proxies
/// in <c>ForwardedHeaders:TrustedNetworks</c> (CIDR; loopback when unset).
/// </summary>
public static class ForwardedAddress
{
    /// <summary>Adds it in front of everything else in the pipeline.</summary>
    public static IHostApplicationBuilder AddForwardedAddress(this IHostApplicationBuilder builder)
    {
        var trusted = builder.Configuration.GetSection("ForwardedHeaders:TrustedNetworks").Get<string[]>() ?? [];
        builder.Services.Configure<ForwardedHeadersOptions>(options =>
        {
            options.ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto;
            options.ForwardLimit = 1;
            foreach (var network in trusted)
            {
                options.KnownIPNetworks.Add(System.Net.IPNetwork.Parse(network));
            }
        });
        builder.Services.AddTransient<IStartupFilter, ForwardedHeadersFilter>();
        return builder;
    }

    private sealed class ForwardedHeadersFilter : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.UseForwardedHeaders();
            next(app);
        };
    }
}
