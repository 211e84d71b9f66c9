using IdentityService.Data;
using IdentityService.RevocationAdministration;
using IdentityService.Revocations;
using IdentityService.SecondFactor;
using IdentityService.Tokens;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.ModelBinding;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;

namespace IdentityService.Keys;

/// <summary>How the keys are to change.</summary>
public sealed record RotateKeysRequest
{
    /// <summary>
    /// Whether others may have the private keys: then every key is dropped at once and every token it signed is refused,
    /// the caller's too. Else the next key takes over once everyone can verify with it, and no token is refused.
    /// </summary>
    public bool Compromised { get; init; }
}

/// <summary>A signing key, without its private half.</summary>
/// <param name="KeyId"><c>kid</c>.</param>
/// <param name="Algorithm"><c>alg</c>.</param>
/// <param name="State">Where it is in its life.</param>
/// <param name="CreatedAt">UTC; published since.</param>
/// <param name="ActivatesAt">UTC; signs from here on.</param>
/// <param name="RetiresAt">UTC; signs until here. Null while no successor is planned.</param>
/// <param name="ExpiresAt">UTC; published until here. Null while no successor is planned.</param>
public sealed record SigningKeyView(
    string KeyId,
    string Algorithm,
    SigningKeyState State,
    DateTimeOffset CreatedAt,
    DateTimeOffset ActivatesAt,
    DateTimeOffset? RetiresAt,
    DateTimeOffset? ExpiresAt)
{
    internal static SigningKeyView Of(SigningKey key, DateTimeOffset now) => new(
        key.KeyId, key.Algorithm, key.StateAt(now), key.CreatedAt, key.ActivatesAt, key.RetiresAt, key.ExpiresAt);
}

/// <summary>Every key that is published: some at a time, so there are no pages.</summary>
/// <param name="Items">In order of activation.</param>
/// <param name="Gateways">After keys were dropped: which gateways refuse what they signed.</param>
public sealed record SigningKeyList(IReadOnlyList<SigningKeyView> Items, GatewayReceipts? Gateways = null);

/// <summary>Shows the signing keys and changes them on demand, for platform administrators: the keys are every tenant's.</summary>
internal sealed class RotateKeys(
    IdentityDb database, SigningKeys keys, KeyRing ring, RevocationLog revocations, RevocationReceipts receipts, Caller caller, TimeProvider time)
{
    public static async Task<Ok<SigningKeyList>> ListAsync(RotateKeys keys, CancellationToken cancellationToken) =>
        TypedResults.Ok(await keys.ReadAsync(cancellationToken));

    public static async Task<Ok<SigningKeyList>> HandleAsync(
        [FromBody(EmptyBodyBehavior = EmptyBodyBehavior.Allow)] RotateKeysRequest? request, RotateKeys keys, CancellationToken cancellationToken) =>
        TypedResults.Ok(request?.Compromised == true ? await keys.ReplaceAsync(cancellationToken) : await keys.RotateAsync(cancellationToken));

    private async Task<SigningKeyList> RotateAsync(CancellationToken cancellationToken)
    {
        await using var transaction = await database.Database.BeginTransactionAsync(cancellationToken);
        await keys.RotateAsync(caller.Envelope(), cancellationToken);
        await database.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        await ring.ReadAsync(cancellationToken);
        return await ReadAsync(cancellationToken);
    }

    private async Task<SigningKeyList> ReplaceAsync(CancellationToken cancellationToken)
    {
        var envelope = caller.Envelope();
        await using var transaction = await database.Database.BeginTransactionAsync(cancellationToken);
        var dropped = await keys.ReplaceAllAsync(envelope, cancellationToken);
        await database.SaveChangesAsync(cancellationToken);
        Revocation? last = null;
        foreach (var key in dropped)
        {
            last = await revocations.AddAsync(RevocationKind.Key, key, epoch: null, envelope, cancellationToken);
        }

        await database.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);

        // Before anyone hears of it: whoever asks for the key set next must find the new ones.
        await ring.ReadAsync(cancellationToken);
        revocations.Committed(last!);
        var effect = await receipts.WaitUntilAppliedAsync(last!.Sequence, cancellationToken);
        return await ReadAsync(cancellationToken) with { Gateways = GatewayReceipts.Of(effect) };
    }

    private async Task<SigningKeyList> ReadAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var rows = await database.SigningKeys.AsNoTracking()
            .OrderBy(key => key.ActivatesAt).ThenBy(key => key.KeyId).ToListAsync(cancellationToken);
        return new SigningKeyList([.. rows.Where(key => key.StateAt(now) != SigningKeyState.Expired).Select(key => SigningKeyView.Of(key, now))]);
    }
}

/// <summary>Routes of the signing keys, under two names: beside sign-in, and with the rest of the administration.</summary>
internal static class KeyEndpoints
{
    public static void MapKeyEndpoints(this IEndpointRouteBuilder routes)
    {
        foreach (var (path, suffix) in ((string, string)[])[("/api/v1/admin/keys", "ByAdministrator"), ("/api/v1/auth/keys", "")])
        {
            var keys = routes.MapGroup(path)
                .RequireScope(Scopes.IdentityAdmin).RequireScope(Scopes.Platform).WithNoStore().WithSmallBodies();
            keys.MapGet("/", RotateKeys.ListAsync).WithName($"ListSigningKeys{suffix}");
            keys.MapPost("/rotate", RotateKeys.HandleAsync).RequireRecentSecondFactor().WithName($"RotateSigningKeys{suffix}");
        }
    }
}
