using IdentityService.AccountMail;
using Microsoft.AspNetCore.Http.HttpResults;

namespace IdentityService.UserAdministration;

/// <summary>Makes an account's password useless; its owner is mailed a link to set a new one, and its sessions end.</summary>
internal static class ForcePasswordReset
{
    public static Task<Results<Ok<AdministeredUser>, ProblemHttpResult>> HandleAsync(
        Guid id, HttpContext http, UserChange change, ForcedReset resets, CancellationToken cancellationToken) =>
        change.ApplyAndShowAsync(
            id,
            http,
            async opened => new UserChanged(Revocation: await resets.ApplyAsync(opened.User, "administrator", opened.Cause, cancellationToken)),
            cancellationToken);
}
