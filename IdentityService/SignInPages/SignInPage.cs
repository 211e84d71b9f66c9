using System.Globalization;
using IdentityService.Accounts;
using IdentityService.Authorization;
using IdentityService.Data;
using IdentityService.Pages;
using IdentityService.SecondFactor;
using IdentityService.Sessions;

namespace IdentityService.SignInPages;

/// <summary>
/// Signs a browser in with a password, or with that gets it to the second factor. Checked, slowed down and recorded like
/// every other sign-in.
/// </summary>
internal sealed class SignInPage(
    IdentityDb database, Credentials credentials, LogInOutcome outcome, PageSignIn signIn, SecondStep secondStep, PageCookies cookies)
{
    public const string Path = "/account/sign-in";

    private const string Refusal = "The user name or the password is not right.";

    public static async Task<IResult> ShowAsync(
        HttpContext http, string? request, string? user_code, SignInForm forms, AuthorizationRequests requests, CancellationToken cancellationToken) =>
        await new SignInWay(request, user_code).OpenAsync(requests, cancellationToken) is { } way
            ? await forms.MakeAsync(http, way, way.LoginHint, fault: null)
            : SignInWay.Gone();

    public static async Task<IResult> HandleAsync(
        HttpContext http, SignInPage page, SignInForm signInForm, AuthorizationRequests requests, PageForm forms, CancellationToken cancellationToken)
    {
        if (await forms.ReadAsync(http, cancellationToken) is not { } form)
        {
            return PageForm.Refused();
        }

        if (await SignInWay.Of(form).OpenAsync(requests, cancellationToken) is not { } way)
        {
            return SignInWay.Gone();
        }

        var (login, password) = (form.GetValueOrDefault("username") ?? "", form.GetValueOrDefault("password") ?? "");
        var (next, fault) = await page.SignInAsync(http, way, login, password, cancellationToken);
        return fault is null ? new SeeOther(next!) : await signInForm.MakeAsync(http, way, login, fault);
    }

    /// <summary>Signs in; where to go then, or what to tell.</summary>
    private async Task<(string? Next, string? Fault)> SignInAsync(
        HttpContext http, OpenWay way, string login, string password, CancellationToken cancellationToken)
    {
        if (login.Length > LoginName.Longest || password.Length > PasswordPolicy.Longest)
        {
            return (null, Refusal);
        }

        var check = await credentials.CheckAsync(login, password, cancellationToken);
        if (!check.Accepted || check.User is not { } user)
        {
            var refusal = outcome.Refused(check);
            await database.SaveChangesAsync(cancellationToken);
            return (null, check.BlockedFor is { } wait
                ? string.Create(CultureInfo.InvariantCulture, $"Too many failed attempts for this name. Try again in {Math.Ceiling(wait.TotalSeconds)} seconds.")
                : refusal.ProblemDetails.Detail);
        }

        if (user.TwoFactorEnabled)
        {
            outcome.Challenged(user);
            await database.SaveChangesAsync(cancellationToken);
            cookies.Write(http, PageCookies.Challenge, secondStep.Begin(user));
            return (way.Way.Under(SecondFactorPage.Path), null);
        }

        await signIn.CompleteAsync(http, user, AuthenticationMethods.Password, cancellationToken);
        await database.SaveChangesAsync(cancellationToken);
        return (way.Next, null);
    }
}
