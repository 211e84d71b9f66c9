using System.ComponentModel.DataAnnotations;
using IdentityService.AccountMail;
using IdentityService.Data;
using IdentityService.Operation;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;
using ServiceDefaults.Messaging;

namespace IdentityService.Accounts;

/// <summary>A new account.</summary>
public sealed record RegisterUserRequest : IAccountNames
{
    [Required(ErrorMessage = "is required"), UserNameFormat]
    public string? Username { get; init; }

    [Required(ErrorMessage = "is required"), EmailFormat]
    public string? Email { get; init; }

    [Required(ErrorMessage = "is required"), AcceptablePassword]
    public string? Password { get; init; }

    string? IAccountNames.AccountName => Username;

    string? IAccountNames.AccountEmail => Email;
}

/// <summary>The account made.</summary>
public sealed record RegisteredUser(Guid Id, string Username, string Email, DateTimeOffset CreatedAt);

/// <summary>
/// Makes an account in the default tenant. The database decides whether the name is free. The address is nobody's before it
/// is proved, so nothing here tells whether another account has it (see <see cref="AddressProof"/>); how often it is named
/// within an hour is bounded, since each time a mail goes there.
/// </summary>
internal static class RegisterUser
{
    public static async Task<Results<Created<RegisteredUser>, ProblemHttpResult>> HandleAsync(
        RegisterUserRequest request,
        UserManager<User> users,
        IdentityDb database,
        AccountOpening opening,
        MailQuotas quotas,
        IOptions<AccountMailOptions> mail,
        CancellationToken cancellationToken)
    {
        var user = await opening.OpenAsync(request.Username!, request.Email!, request.Password!, cancellationToken);
        await using var transaction = await database.Database.BeginTransactionAsync(cancellationToken);
        if (!await quotas.TakeAsync(user.NormalizedEmail!, cancellationToken))
        {
            return AccountProblems.TooManyMails(mail.Value.QuotaWindow);
        }

        try
        {
            // Saves the events that wait in the same context along with the account.
            var result = await users.CreateAsync(user);
            if (!result.Succeeded)
            {
                throw new InvalidOperationException($"The account was refused: {string.Join(", ", result.Errors.Select(error => error.Code))}.");
            }
        }
        catch (DbUpdateException fault) when (UniqueViolation.Of(fault, IdentityMapping.UniqueNames))
        {
            return AccountProblems.NameTaken(); // rolled back, the quota with it
        }

        await transaction.CommitAsync(cancellationToken);
        return TypedResults.Created(AccountEndpoints.Me, new RegisteredUser(user.Id, user.UserName!, user.Email!, user.CreatedAt));
    }
}

/// <summary>Prepares a new account with its role and events; the save is the use case's.</summary>
internal sealed class AccountOpening(
    IdentityDb database, PasswordHashing passwords, AccountLinks links, Caller caller, IOptions<RegistrationOptions> options, TimeProvider time)
{
    public async Task<User> OpenAsync(string userName, string email, string password, CancellationToken cancellationToken)
    {
        var hash = await passwords.HashAsync(password, cancellationToken);
        var user = User.Create(userName, email, hash, Tenants.Default, time.GetInstant());
        if (options.Value.DefaultRole is { Length: > 0 } role)
        {
            database.UserRoles.Add(new IdentityUserRole<Guid> { UserId = user.Id, RoleId = Role.Seeded.Single(one => one.Name == role).Id });
        }

        var actor = new Actor(ActorKind.User, user.Id.ToString(), user.UserName);
        database.AddEvent(new UserRegistered(caller.Envelope(actor, user.TenantId), user.Id, user.UserName!, email), user.Id);
        links.AddFor(user, AccountLinkKind.VerifyEmail, caller.Envelope(actor, user.TenantId));
        database.AddAudit(
            caller.Envelope(actor, user.TenantId),
            "user.registered",
            "user",
            user.Id.ToString(),
            after: new { username = user.UserName, email, user.CreatedAt });
        return user;
    }
}
