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
        HttpContext http, string? request, string? user_code, AuthorizationRequests requests, PageForm forms, CancellationToken cancellationToken) =>
        await new SignInWay(request, user_code).OpenAsync(requests, cancellationToken) is { } way
            ? Form(way, way.LoginHint, fault: null, forms.Field(http))
            : SignInWay.Gone();

    public static async Task<IResult> HandleAsync(
        HttpContext http, SignInPage page, AuthorizationRequests requests, PageForm forms, CancellationToken cancellationToken)
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
        return fault is null ? new SeeOther(next!) : Form(way, login, fault, forms.Field(http));
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
            outcome.Refused(check);
            await database.SaveChangesAsync(cancellationToken);
            return (null, check.BlockedFor is { } wait
                ? string.Create(CultureInfo.InvariantCulture, $"Too many failed attempts for this name. Try again in {Math.Ceiling(wait.TotalSeconds)} seconds.")
                : Refusal);
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

    private static Page Form(OpenWay way, string? login, string? fault, Html field) => new(
        "Sign in",
        $"""
        {Page.FaultOf(fault)}
        <form method="post" action="{Path}">
        {field}
        {way.Way.Fields}
        <label for="username">User name or e-mail address</label>
        <input id="username" name="username" value="{login}" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="254" required>
        <label for="password">Password</label>
        <input id="password" name="password" type="password" autocomplete="current-password" maxlength="256" required>
        <button>Sign in</button>
        </form>
        """)
    {
        Status = fault is null ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest,
        RedirectUri = way.RedirectUri,
    };
}
