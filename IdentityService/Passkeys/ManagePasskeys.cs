using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using IdentityService.Accounts;
using IdentityService.Data;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Authentication;
using ServiceDefaults.Problems;

namespace IdentityService.Passkeys;

/// <summary>A new passkey.</summary>
public sealed record RegisterPasskeyRequest
{
    /// <summary>The offer's.</summary>
    [Required(ErrorMessage = "is required")]
    public string? Challenge { get; init; }

    [Required(ErrorMessage = "is required"), MaxLength(PasskeyList.LongestName, ErrorMessage = "must have at most 64 characters"), PlainText]
    public string? Name { get; init; }

    /// <summary>What <c>navigator.credentials.create</c> gave, as JSON.</summary>
    [Required(ErrorMessage = "is required")]
    public JsonElement? Credential { get; init; }
}

/// <summary>Another name.</summary>
public sealed record RenamePasskeyRequest
{
    [Required(ErrorMessage = "is required"), MaxLength(PasskeyList.LongestName, ErrorMessage = "must have at most 64 characters"), PlainText]
    public string? Name { get; init; }
}

/// <summary>All of a user's passkeys; there are few.</summary>
public sealed record Passkeys(IReadOnlyList<PasskeyView> Items);

/// <summary>A user's own passkeys.</summary>
internal static class ManagePasskeys
{
    public static async Task<Results<Ok<PasskeyOffer>, ProblemHttpResult>> OfferAsync(
        HttpContext http, Caller caller, IdentityDb database, PasskeyList passkeys, PasskeyCeremonies ceremonies, CancellationToken cancellationToken)
    {
        if (await database.Users.AsNoTracking().SingleOrDefaultAsync(row => row.Id == caller.SubjectId, cancellationToken) is not { } user)
        {
            return Problem.NotFound();
        }

        return await passkeys.IsFullAsync(user.Id, cancellationToken)
            ? PasskeyProblems.TooMany()
            : TypedResults.Ok(await ceremonies.OfferRegistrationAsync(user, Guid.Parse(caller.SessionId!), http));
    }

    public static async Task<Results<Created<PasskeyView>, ProblemHttpResult>> RegisterAsync(
        RegisterPasskeyRequest request,
        HttpContext http,
        Caller caller,
        IdentityDb database,
        PasskeyList passkeys,
        PasskeyCeremonies ceremonies,
        CancellationToken cancellationToken)
    {
        if (await database.Users.AsNoTracking().SingleOrDefaultAsync(row => row.Id == caller.SubjectId, cancellationToken) is not { } user)
        {
            return Problem.NotFound();
        }

        if (await passkeys.IsFullAsync(user.Id, cancellationToken))
        {
            return PasskeyProblems.TooMany(); // an offer from before there were so many
        }

        var answer = new PasskeyAnswer(request.Challenge!, request.Credential!.Value.GetRawText());
        if (await ceremonies.RegisterAsync(answer, user.Id, Guid.Parse(caller.SessionId!), http) is not { } passkey
            || !await passkeys.AddAsync(user, passkey, request.Name!.Trim(), caller.Envelope(), cancellationToken))
        {
            return PasskeyProblems.Refused();
        }

        var id = CredentialId.Write(passkey.CredentialId);
        return TypedResults.Created(
            $"{PasskeyEndpoints.Path}/{id}", new PasskeyView(id, request.Name!.Trim(), passkey.CreatedAt, passkey.IsBackupEligible));
    }

    public static async Task<Ok<Passkeys>> ListAsync(Caller caller, PasskeyList passkeys, CancellationToken cancellationToken) =>
        TypedResults.Ok(new Passkeys(await passkeys.OfAsync(caller.SubjectId, cancellationToken)));

    public static async Task<Results<Ok<PasskeyView>, ProblemHttpResult>> RenameAsync(
        string id, RenamePasskeyRequest request, Caller caller, IdentityDb database, PasskeyList passkeys, CancellationToken cancellationToken)
    {
        if (await passkeys.FindAsync(caller.SubjectId, id, cancellationToken) is not { } passkey)
        {
            return Problem.NotFound();
        }

        passkey.Data.Name = request.Name!.Trim();
        await database.SaveChangesAsync(cancellationToken);
        return TypedResults.Ok(PasskeyView.Of(passkey));
    }

    public static async Task<Results<NoContent, ProblemHttpResult>> RemoveAsync(
        string id, Caller caller, PasskeyList passkeys, CancellationToken cancellationToken)
    {
        if (await passkeys.FindAsync(caller.SubjectId, id, cancellationToken) is not { } passkey)
        {
            return Problem.NotFound();
        }

        await passkeys.RemoveAsync(passkey, caller.Envelope(), cancellationToken);
        return TypedResults.NoContent();
    }
}
