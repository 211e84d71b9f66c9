namespace ServiceDefaults.Resilience;

internal sealed class ResilienceHandler(ResilienceTargets targets, string client) : DelegatingHandler
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        request.RequestUri is { IsAbsoluteUri: true } uri
            ? targets.Get(client, uri).SendAsync(request, base.SendAsync, cancellationToken)
            : base.SendAsync(request, cancellationToken);
}
