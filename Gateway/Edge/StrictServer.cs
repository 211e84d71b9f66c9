using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace Gateway.Edge;

/// <summary>Makes Kestrel keep the limits, and read requests as strictly as it can (docs/decisions/0009).</summary>
internal sealed class StrictServer(IOptions<HttpLimits> limits, IConfiguration configuration) : IPostConfigureOptions<KestrelServerOptions>
{
    // Kestrel takes a bare LF for the end of a line unless told not to; a proxy in front may not.
    private const string NoBareLineFeeds = "Microsoft.AspNetCore.Server.Kestrel.DisableHttp1LineFeedTerminators";

    public void PostConfigure(string? name, KestrelServerOptions options)
    {
        AppContext.SetSwitch(NoBareLineFeeds, true);
        options.RequestHeaderEncodingSelector = static header => header == "Content-Length" ? DigitEncoding.Instance : null;
        options.ResponseHeaderEncodingSelector = static _ => Encoding.UTF8;
        var most = OrDefaults(limits);
        options.Limits.MaxRequestLineSize = most.RequestLineBytes;
        options.Limits.MaxRequestHeaderCount = most.HeaderCount;
        options.Limits.MaxRequestHeadersTotalSize = most.HeadersBytes;
        options.Limits.MinRequestBodyDataRate = new MinDataRate(most.BodyBytesPerSecond, most.BodyGrace);
        options.Limits.MinResponseDataRate = new MinDataRate(most.AnswerBytesPerSecond, most.AnswerGrace);

        // Kestrel's own limit counts probes too, and so would fail them when clients have used it up.
        var connections = options.Limits.MaxConcurrentConnections ?? long.MaxValue;
        options.Limits.MaxConcurrentConnections = null;
        PublicConnections bound = new(connections, configuration.GetValue<int?>("Management:Port"));
        options.ConfigureEndpointDefaults(endpoint =>
        {
            endpoint.Use(bound.LimitAsync);
            endpoint.Use(ServerRefusals.CompleteAsync);
        });
    }

    // A fault here would hide all others, which the start reports together; the defaults never serve.
    private static HttpLimits OrDefaults(IOptions<HttpLimits> limits)
    {
        try
        {
            return limits.Value;
        }
        catch (OptionsValidationException)
        {
            return new HttpLimits();
        }
    }

    /// <summary>Closes connections of the public ports beyond a number of them.</summary>
    private sealed class PublicConnections(long most, int? managementPort)
    {
        private long _open;

        public async Task LimitAsync(ConnectionContext connection, ConnectionDelegate next)
        {
            if (connection.LocalEndPoint is System.Net.IPEndPoint { Port: var port } && port == managementPort)
            {
                await next(connection);
                return;
            }

            try
            {
                if (Interlocked.Increment(ref _open) <= most)
                {
                    await next(connection);
                }
                else
                {
                    connection.Abort();
                }
            }
            finally
            {
                Interlocked.Decrement(ref _open);
            }
        }
    }
}
