using AuditService.Recording;
using Microsoft.AspNetCore.Http.HttpResults;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;

namespace AuditService.Catalogue;

/// <summary>What can stand in the log.</summary>
internal static class CatalogueEndpoints
{
    public static void MapCatalogueEndpoints(this IEndpointRouteBuilder app) =>
        app.MapGroup("/api/v1/audit").WithTags("Audit").RequireScope(Scopes.AuditRead, Scopes.AuditAdmin)
            .MapGet("/actions", List).WithName("ListAuditActions");

    // The whole of it in one answer: it is as long as the code says, whatever the log has.
    private static Ok<ActionList> List() => TypedResults.Ok(new ActionList(
        [.. ActionCatalogue.All.Select(action => new ActionView(
            action.Name, action.Category, action.WrittenBy, [.. action.Severities.Select(Judgement.NameOf)], action.Meaning))]));
}

/// <summary>The catalogue.</summary>
internal sealed record ActionList(IReadOnlyList<ActionView> Items);

/// <summary>An action.</summary>
/// <param name="Name">As filters take it.</param>
/// <param name="Category">What a reviewer files it under.</param>
/// <param name="WrittenBy">The service.</param>
/// <param name="Severities">Those it is written with, the usual one first.</param>
/// <param name="Meaning">What has happened.</param>
internal sealed record ActionView(string Name, string Category, string WrittenBy, string[] Severities, string Meaning);
