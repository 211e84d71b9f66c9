using System.ComponentModel.DataAnnotations;
using AuditService.Data;
using AuditService.Reading;
using AuditService.Recording;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;
using ServiceDefaults.Idempotency;
using ServiceDefaults.Messaging;
using ServiceDefaults.Problems;

namespace AuditService.Retention;

/// <summary>Legal holds of the caller's tenant.</summary>
internal static class HoldEndpoints
{
    private const int Most = 1000;

    public static void MapHoldEndpoints(this IEndpointRouteBuilder app)
    {
        var holds = app.MapGroup("/api/v1/audit/holds").WithTags("Retention").RequireScope(Scopes.AuditAdmin);
        holds.MapGet("", ListAsync).WithName("ListHolds");
        holds.MapPost("", PlaceAsync).AcceptIdempotencyKey().WithName("PlaceHold");
        holds.MapPost("/{id:guid}/release", ReleaseAsync).WithName("ReleaseHold");
    }

    private static async Task<Ok<HoldList>> ListAsync(AuditDbContext database, CancellationToken cancellationToken) => TypedResults.Ok(new HoldList(
        await database.Holds.AsNoTracking().OrderByDescending(hold => hold.PlacedAt).Take(Most).ToListAsync(cancellationToken)));

    private static async Task<Created<LegalHold>> PlaceAsync(
        PlaceHold request, AuditDbContext database, Caller caller, TimeProvider time, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var hold = new LegalHold
        {
            Id = Guid.CreateVersion7(now),
            TenantId = caller.TenantId,
            Subject = request.Subject,
            CoversFrom = request.CoversFrom?.ToUniversalTime(),
            CoversTo = request.CoversTo?.ToUniversalTime(),
            Reason = request.Reason,
            PlacedBy = caller.Subject,
            PlacedAt = now,
        };
        database.Holds.Add(hold);
        Tell(database, caller, AuditActions.HoldPlaced, hold);
        await database.SaveChangesAsync(cancellationToken);
        return TypedResults.Created($"/api/v1/audit/holds/{hold.Id}", hold);
    }

    private static async Task<Results<Ok<LegalHold>, ProblemHttpResult>> ReleaseAsync(
        Guid id, AuditDbContext database, Caller caller, TimeProvider time, CancellationToken cancellationToken)
    {
        if (await database.Holds.FirstOrDefaultAsync(hold => hold.Id == id, cancellationToken) is not { } hold)
        {
            return Problem.NotFound("There is no such hold.");
        }

        if (hold.Release(caller.Subject, time.GetUtcNow()))
        {
            Tell(database, caller, AuditActions.HoldReleased, hold);
            await database.SaveChangesAsync(cancellationToken);
        }

        return TypedResults.Ok(hold);
    }

    private static void Tell(AuditDbContext database, Caller caller, string action, LegalHold hold) => database.AddEvent(
        new AuditRecorded(
            caller.Envelope(), action, "audit_hold", hold.Id.ToString(), AuditSeverity.Warning, AuditResult.Success,
            Detail: new Dictionary<string, string>(StringComparer.Ordinal) { ["reason"] = hold.Reason, ["subject"] = hold.Subject ?? "everybody" }),
        hold.Id);
}

/// <summary>What to hold, and why.</summary>
public sealed class PlaceHold : IValidatableObject
{
    /// <summary>Id of a user, device or other thing; everything unless given.</summary>
    [StringLength(300, MinimumLength = 1), PlainText]
    public string? Subject { get; init; }

    public DateTimeOffset? CoversFrom { get; init; }

    public DateTimeOffset? CoversTo { get; init; }

    [Required, StringLength(500, MinimumLength = 3), PlainText]
    public string Reason { get; init; } = "";

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (CoversFrom >= CoversTo)
        {
            yield return new ValidationResult("The time ends before it begins.", [nameof(CoversTo)]);
        }
    }
}

/// <summary>Newest first, released ones too.</summary>
internal sealed record HoldList(IReadOnlyList<LegalHold> Items);
