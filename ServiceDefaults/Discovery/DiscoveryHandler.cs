using ServiceDefaults.Logging;

namespace ServiceDefaults.Discovery;

/// <summary>
/// Sends <c>http://identity/…</c> to the endpoint of that service whose turn it is. Sits inside the retries, so that
/// another attempt goes to another endpoint. A name without endpoints is left to DNS, which knows it in Kubernetes.
/// </summary>
internal sealed class DiscoveryHandler(ServiceEndpoints endpoints) : DelegatingHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.RequestUri is not { } asked || !IsServiceName(asked) || endpoints.Next(asked.Host, asked.Scheme) is not { } endpoint)
        {
            return await base.SendAsync(request, cancellationToken);
        }

        // Only to services of the platform; the outside has no use for it.
        if (RequestScope.Current?.Id is { } id)
        {
            request.Headers.TryAddWithoutValidation(RequestContext.Header, id);
        }

        request.RequestUri = Resolve(asked, endpoint);
        try
        {
            return await base.SendAsync(request, cancellationToken);
        }
        finally
        {
            request.RequestUri = asked;
        }
    }

    internal static Uri Resolve(Uri asked, Uri endpoint) => new UriBuilder(asked)
    {
        Scheme = endpoint.Scheme,
        Host = endpoint.Host,
        Port = endpoint.Port,
        Path = endpoint.AbsolutePath.TrimEnd('/') + asked.AbsolutePath,
    }.Uri;

    private static bool IsServiceName(Uri uri) =>
        (uri.IsDefaultPort || uri.Port < 0) && uri.HostNameType is UriHostNameType.Dns or UriHostNameType.Basic
        && !uri.Host.Contains('.', StringComparison.Ordinal) && uri.Host != "localhost";
}
