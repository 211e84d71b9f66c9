using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using DeviceService.Data;
using DeviceService.Devices;
using Microsoft.AspNetCore.Http.HttpResults;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;
using ServiceDefaults.Messaging;

namespace DeviceService.Enrollment;

/// <summary>Who may enrol with the new token, how many, until when.</summary>
public sealed record CreateEnrollmentTokenRequest
{
    internal const int DefaultLife = 24 * 60 * 60;

    private const int LongestLife = 30 * DefaultLife;

    [PlainText(DeviceLimits.Name)]
    public string? Name { get; init; }

    /// <summary>From one minute to thirty days; a day when left out.</summary>
    [Range(60, LongestLife)]
    public int? ExpiresInSeconds { get; init; }

    /// <summary>Devices that can enrol with it; one when left out.</summary>
    [Range(1, 100_000)]
    public int? MaxUses { get; init; }

    /// <summary>The group its devices begin in.</summary>
    [Label(DeviceLimits.Group)]
    public string? Group { get; init; }

    /// <summary>Whether somebody must approve each device before it can get tokens.</summary>
    public bool? RequiresApproval { get; init; }
}

/// <summary>The token's text, shown this once.</summary>
public sealed record CreateEnrollmentTokenResponse(
    Guid Id, string Token, string? Name, DateTimeOffset ExpiresAt, int MaxUses, string? Group, bool RequiresApproval);

internal sealed class CreateEnrollmentToken(DeviceDbContext database, Caller caller, TimeProvider time)
{
    public async Task<Created<CreateEnrollmentTokenResponse>> HandleAsync(
        CreateEnrollmentTokenRequest request, HttpResponse response, CancellationToken cancellationToken)
    {
        var (token, text) = EnrollmentToken.Create(caller.TenantId, request, caller.Subject, time.GetUtcNow());
        database.EnrollmentTokens.Add(token);
        database.AddEvent(
            new AuditRecorded(
                caller.Envelope(),
                "enrollment_token.created",
                "enrollment_token",
                token.Id.ToString(),
                AuditSeverity.Notice,
                AuditResult.Success,
                After: JsonSerializer.SerializeToElement(EnrollmentTokenResource.Of(token), EventCatalogue.Json)),
            token.Id);
        await database.SaveChangesAsync(cancellationToken);
        response.Headers.CacheControl = "no-store";
        return TypedResults.Created(
            $"{EnrollmentEndpoints.Tokens}/{token.Id}",
            new CreateEnrollmentTokenResponse(
                token.Id, text, token.Name, token.ExpiresAt, token.MaxUses, token.Group, token.RequiresApproval));
    }
}
