using System.ComponentModel.DataAnnotations;
using IdentityService.Accounts;
using IdentityService.Data;
using IdentityService.Operation;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;
using ServiceDefaults.Data;
using ServiceDefaults.Problems;

namespace IdentityService.ApiKeys;

/// <summary>A new key.</summary>
public sealed record CreateApiKeyRequest
{
    [Required(ErrorMessage = "is required"), StringLength(100, MinimumLength = 1, ErrorMessage = "must be 1 to 100 characters"), PlainText]
    public string? Name { get; init; }

    [Required(ErrorMessage = "is required"), MinLength(1, ErrorMessage = "must name a scope"), MaxLength(50, ErrorMessage = "names too many scopes")]
    public IReadOnlyList<string>? Scopes { get; init; }

    /// <summary>UTC; the longest that is allowed when missing.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Requests a minute.</summary>
    [Range(1, 1_000_000, ErrorMessage = "must be 1 to 1,000,000 requests a minute")]
    public int? RateLimit { get; init; }
}

/// <summary>
/// Makes a key for the caller. It gets no scope that the caller's token lacks: a client with a part of the owner's rights
/// can't make itself a key with more.
/// </summary>
internal sealed class CreateApiKey(IdentityDb database, Caller caller, IOptions<ApiKeyOptions> options, TimeProvider time)
{
    public static Task<Results<Created<CreatedApiKey>, ProblemHttpResult>> HandleAsync(
        CreateApiKeyRequest request, CreateApiKey creation, CancellationToken cancellationToken) =>
        creation.CreateAsync(request, cancellationToken);

    private async Task<Results<Created<CreatedApiKey>, ProblemHttpResult>> CreateAsync(
        CreateApiKeyRequest request, CancellationToken cancellationToken)
    {
        var now = time.GetInstant();
        if (FaultsOf(request, now) is { Count: > 0 } faults)
        {
            return Problem.Validation(faults);
        }

        await using var transaction = await database.Database.JoinTransactionAsync(cancellationToken);

        // The owner's row is the lock under which the keys are counted.
        await database.Database.ExecuteSqlAsync($"SELECT 1 FROM users WHERE id = {caller.SubjectId} FOR UPDATE", cancellationToken);
        var living = await database.ApiKeys.CountAsync(
            row => row.UserId == caller.SubjectId && row.RevokedAt == null && row.ExpiresAt > now, cancellationToken);
        if (living >= options.Value.MostPerUser)
        {
            return Problem.Of(409, "too_many_api_keys", $"There are {living} keys already. Revoke one first.");
        }

        var text = ApiKeyFormat.Random();
        var key = NewKey(request, text, now);
        database.ApiKeys.Add(key);
        database.AddAudit(
            caller.Envelope(),
            "api_key.created",
            "api_key",
            key.Id.ToString(),
            severity: AuditSeverity.Notice,
            after: new { key.Name, key.Prefix, key.Scopes, key.RateLimit, key.ExpiresAt });
        await database.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return TypedResults.Created($"{ApiKeyEndpoints.Path}/{key.Id}", new CreatedApiKey(text, View(key)));
    }

    private static readonly Func<ApiKey, ApiKeyView> View = ApiKeyView.Of.Compile();

    private ApiKey NewKey(CreateApiKeyRequest request, string text, DateTimeOffset now)
    {
        ApiKeyFormat.TryHash(text, out var hash);
        return new ApiKey
        {
            Id = Guid.CreateVersion7(now),
            UserId = caller.SubjectId,
            TenantId = caller.TenantId,
            Name = request.Name!,
            Prefix = text[..ApiKeyFormat.Shown],
            Hash = hash!,
            Scopes = [.. request.Scopes!.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)],
            RateLimit = request.RateLimit,
            CreatedAt = now,
            ExpiresAt = (request.ExpiresAt ?? now + options.Value.LongestLife).ToUniversalTime(),
        };
    }

    private Dictionary<string, string[]> FaultsOf(CreateApiKeyRequest request, DateTimeOffset now)
    {
        Dictionary<string, string[]> faults = new(StringComparer.Ordinal);
        if (request.Scopes!.Where(scope => !caller.Has(scope)).ToArray() is { Length: > 0 } foreign)
        {
            faults["scopes"] = [.. foreign.Select(scope => $"you do not have {scope}")];
        }

        if (request.ExpiresAt <= now || request.ExpiresAt > now + options.Value.LongestLife)
        {
            faults["expiresAt"] = [$"must be in the future and at most {options.Value.LongestLife.TotalDays:0.##} days away"];
        }

        return faults;
    }
}
