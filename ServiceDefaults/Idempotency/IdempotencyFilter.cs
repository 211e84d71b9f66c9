using System.Security.Claims;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using ServiceDefaults.Authentication;
using ServiceDefaults.Telemetry;

namespace ServiceDefaults.Idempotency;

/// <summary>Reads the key and the request that it is for.</summary>
internal sealed class IdempotencyFilter(IOptions<JsonOptions> json, IdempotencyMetrics metrics)
{
    // Without nulls, so that a member that a newer build adds changes no request that lacks it.
    private readonly JsonSerializerOptions _canonical = new(json.Value.SerializerOptions) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        if (!http.Request.Headers.TryGetValue(IdempotencyKey.Header, out var header))
        {
            return await next(context);
        }

        if (!IdempotencyKey.TryParse(header, out var key))
        {
            metrics.Count(http, "malformed");
            return IdempotencyProblems.Malformed();
        }

        var caller = http.RequestServices.GetRequiredService<Caller>();
        var scope = new KeyScope(
            caller.TenantId, caller.Subject, http.User.FindFirstValue(ClaimNames.Client) ?? "", $"{http.Request.Method} {RequestRoute.Of(http)}");
        var request = IdempotentRequest.Of(key, scope, http.Request.Path, BodyOf(context));
        return await http.RequestServices.GetRequiredService<IdempotentCreation>().RunAsync(request, http, () => next(context));
    }

    /// <summary>
    /// The body in one form, whatever the order of its members and the space between them: as the route understood it, and
    /// since what a route does not understand is refused, nothing of the body is missing.
    /// </summary>
    private byte[] BodyOf(EndpointFilterInvocationContext context) =>
        context.HttpContext.GetEndpoint()?.Metadata.GetMetadata<IAcceptsMetadata>()?.RequestType is { } type
            ? JsonSerializer.SerializeToUtf8Bytes(context.Arguments.FirstOrDefault(type.IsInstanceOfType), type, _canonical)
            : [];
}
