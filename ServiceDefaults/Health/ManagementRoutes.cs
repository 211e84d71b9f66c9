using Microsoft.AspNetCore.Http;

namespace ServiceDefaults.Health;

/// <summary>The routes of the management port. Kept apart from endpoint routing, so that they are on no public route table.</summary>
internal sealed class ManagementRoutes
{
    private readonly Dictionary<(string Method, string Path), RequestDelegate> _routes = [];

    public void Map(string method, string path, RequestDelegate handler) => _routes[(method, path)] = handler;

    public RequestDelegate? Find(PathString path, string method, out bool known)
    {
        string wanted = path.Value ?? "";
        known = _routes.Keys.Any(route => route.Path == wanted);
        return _routes.GetValueOrDefault((HttpMethods.IsHead(method) ? HttpMethods.Get : method.ToUpperInvariant(), wanted));
    }
}
