using System.Collections.Frozen;
using System.Globalization;
using System.Reflection;
using ServiceDefaults.Authentication;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Routing;

/// <summary>
/// What a route's metadata says, read once when the configuration is loaded and carried by the endpoint.
/// <list type="bullet">
/// <item><c>Access</c>: <c>anonymous</c>, <c>token</c> (any valid one) or <c>scope</c>. Required: a route that does not
/// say who may use it is refused.</item>
/// <item><c>Scopes</c>: with <c>scope</c>, separated by spaces; one of them is enough.</item>
/// <item><c>Strict</c>: <c>true</c> refuses with 503 while revocations may be late.</item>
/// <item><c>Deadline</c>: time until the service's answer begins; else <c>Proxying:Deadline</c>.</item>
/// <item><c>Pages</c>: <c>true</c> for HTML, whose service may bring its own Content-Security-Policy.</item>
/// <item><c>Audit</c>: <c>false</c> for public documents, of which no records are kept.</item>
/// <item><c>ContentTypes</c>: types of body taken, separated by spaces; JSON when unset.</item>
/// <item><c>RateLimits</c>: see <see cref="RateLimits.RouteLimits"/>.</item>
/// </list>
/// </summary>
internal sealed record RouteAccess(
    string RouteId, RouteCaller Caller, FrozenSet<string> Scopes, bool Strict, TimeSpan? Deadline, bool Pages, bool Audited,
    string[] ContentTypes)
{
    private static readonly FrozenSet<string> Known =
        new[] { "Access", "Scopes", "Strict", "Deadline", "Pages", "Audit", "ContentTypes", "RateLimits" }.ToFrozenSet(StringComparer.Ordinal);

    private static readonly string[] Json = ["application/json", "application/*+json"];

    private static readonly FrozenSet<string> KnownScopes = typeof(Scopes)
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .Where(static field => field.IsLiteral)
        .Select(static field => (string)field.GetRawConstantValue()!)
        .ToFrozenSet(StringComparer.Ordinal);

    /// <summary>Reads the metadata and names everything wrong with it.</summary>
    public static RouteAccess Read(RouteConfig route, List<string> faults)
    {
        var metadata = route.Metadata ?? new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in metadata.Keys.Where(static name => !Known.Contains(name)))
        {
            faults.Add($"Metadata:{name} is not known. Known are {string.Join(", ", Known.Order(StringComparer.Ordinal))}.");
        }

        var scopes = metadata.GetValueOrDefault("Scopes")?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
        faults.AddRange(scopes.Where(static scope => !KnownScopes.Contains(scope))
            .Select(static scope => $"Metadata:Scopes names '{scope}', which is no scope of the platform."));
        return new RouteAccess(
            route.RouteId,
            ReadCaller(metadata.GetValueOrDefault("Access"), scopes, faults),
            scopes.ToFrozenSet(StringComparer.Ordinal),
            ReadFlag(metadata, "Strict", false, faults),
            ReadDeadline(metadata.GetValueOrDefault("Deadline"), faults),
            ReadFlag(metadata, "Pages", false, faults),
            ReadFlag(metadata, "Audit", true, faults),
            ReadContentTypes(metadata.GetValueOrDefault("ContentTypes"), faults));
    }

    private static RouteCaller ReadCaller(string? access, string[] scopes, List<string> faults)
    {
        RouteCaller? caller = access switch
        {
            "anonymous" => RouteCaller.Anyone,
            "token" => RouteCaller.AnyToken,
            "scope" => RouteCaller.WithScope,
            _ => null,
        };
        if (caller is null)
        {
            faults.Add("Metadata:Access must be 'anonymous', 'token' or 'scope'.");
        }
        else if (caller == RouteCaller.WithScope != (scopes.Length > 0))
        {
            faults.Add("Metadata:Scopes belongs to Access 'scope', and to no other.");
        }

        return caller ?? RouteCaller.WithScope;
    }

    private static bool ReadFlag(IReadOnlyDictionary<string, string> metadata, string name, bool otherwise, List<string> faults)
    {
        if (metadata.GetValueOrDefault(name) is not { } text)
        {
            return otherwise;
        }

        if (!bool.TryParse(text, out var flag))
        {
            faults.Add($"Metadata:{name} must be 'true' or 'false'.");
        }

        return flag;
    }

    private static string[] ReadContentTypes(string? text, List<string> faults)
    {
        var types = text?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? Json;
        if (types.Length == 0 || !Array.TrueForAll(types, static type => type.Count('/') == 1 && type.Count('*') < 2 && !type.Contains(';', StringComparison.Ordinal)))
        {
            faults.Add("Metadata:ContentTypes must be media types without parameters, such as application/json, separated by spaces.");
        }

        return types;
    }

    private static TimeSpan? ReadDeadline(string? text, List<string> faults)
    {
        if (text is null)
        {
            return null;
        }

        if (TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var deadline) && deadline > TimeSpan.Zero)
        {
            return deadline;
        }

        faults.Add("Metadata:Deadline must be a positive time such as 00:00:30.");
        return null;
    }
}

/// <summary>Who may use a route.</summary>
internal enum RouteCaller
{
    Anyone,
    AnyToken,
    WithScope,
}
