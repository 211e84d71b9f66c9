using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;
using ServiceDefaults.Authentication;
using ServiceDefaults.Idempotency;

namespace ServiceDefaults.OpenApi;

/// <summary>A service's OpenAPI document, from which the gateway's page is made.</summary>
public static class ServiceDocument
{
    private const string Scheme = "bearer";

    /// <summary>Adds the document.</summary>
    /// <param name="builder">The host.</param>
    /// <param name="title">What the page calls the service.</param>
    public static WebApplicationBuilder AddServiceDocument(this WebApplicationBuilder builder, string title)
    {
        builder.Services.AddOpenApi("v1", options =>
        {
            options.AddDocumentTransformer((document, _, _) =>
            {
                document.Info = new OpenApiInfo { Title = title, Version = "v1" };
                document.Tags = null; // the framework's are names of classes
                document.Servers = [new OpenApiServer { Url = "/" }]; // the gateway, wherever it is: never the service's own address
                document.AddComponent(Scheme, new OpenApiSecurityScheme
                {
                    Type = SecuritySchemeType.Http,
                    Scheme = "bearer",
                    BearerFormat = "JWT",
                    Description = "An access token of the identity service.",
                });
                return Task.CompletedTask;
            });
            options.AddOperationTransformer(DescribeRightsAsync);
            options.AddOperationTransformer(DescribeKeysAsync);
        });
        return builder;
    }

    /// <summary>Serves it at <c>/openapi/v1.json</c>, to anyone: it says what can be asked, not what is stored.</summary>
    public static void MapServiceDocument(this WebApplication app) =>
        app.MapOpenApi("/openapi/{documentName}.json").AllowAnonymous().WithName("GetServiceDocument");

    private static Task DescribeRightsAsync(
        OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        operation.Tags = new HashSet<OpenApiTagReference> { new(AreaOf(context.Description.RelativePath ?? ""), context.Document) };
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        if (metadata.OfType<IAllowAnonymous>().Any())
        {
            return Task.CompletedTask;
        }

        var scopes = metadata.OfType<RequiredScope>().Select(scope => scope.Name).ToList();
        operation.Security =
        [
            new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Scheme, context.Document)] = [] },
        ];
        operation.Description = string.Join(
            "\n\n", new[] { operation.Description, scopes.Count == 0 ? null : $"Needs the scope {string.Join(" or ", scopes)}." }.OfType<string>());
        return Task.CompletedTask;
    }

    private static Task DescribeKeysAsync(
        OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        if (!context.Description.ActionDescriptor.EndpointMetadata.OfType<AcceptsIdempotencyKey>().Any())
        {
            return Task.CompletedTask;
        }

        operation.Parameters ??= [];
        operation.Parameters.Add(new OpenApiParameter
        {
            Name = IdempotencyKey.Header,
            In = ParameterLocation.Header,
            Description = $"Sent again with the same request it gets the same answer, with {IdempotencyKey.ReplayedHeader}: true, and nothing is "
                + $"done twice. 1 to {IdempotencyKey.Longest} visible ASCII characters, best a UUID, with or without quotes.",
            Schema = new OpenApiSchema { Type = JsonSchemaType.String, MinLength = 1 },
            Example = "\"8e03978e-40d5-43dd-bc93-6894a57f9324\"",
        });
        operation.Responses ??= [];
        operation.Responses.TryAdd("400", new OpenApiResponse { Description = "validation_failed, idempotency_key_malformed" });
        operation.Responses.TryAdd("409", new OpenApiResponse { Description = "idempotency_key_in_use, idempotency_answer_lost" });
        operation.Responses.TryAdd("422", new OpenApiResponse { Description = "idempotency_key_reused" });
        return Task.CompletedTask;
    }

    /// <summary>What the page groups by: <c>devices</c> of <c>api/v1/devices/{id}</c>, <c>connect</c> of <c>connect/token</c>.</summary>
    private static string AreaOf(string path) =>
        path.Split('/') is ["api", "v1", var area, ..] ? area : path.Split('/')[0];
}
