using System.Globalization;
using IdentityService.Accounts;
using IdentityService.Authorization;
using IdentityService.Data;
using IdentityService.DeviceGrants;
using IdentityService.Pages;
using IdentityService.Sessions;
using IdentityService.SigningOut;

namespace IdentityService.SignInPages;

/// <summary>
/// Signs a browser in, for an application's waiting request, for a device's code, or for itself. Checked, slowed down and
/// recorded like every other sign-in.
/// </summary>
internal sealed class SignInPage(
    IdentityDb database, BrowserSessions browsers, Credentials credentials, LogInOutcome outcome, SessionEnding ending)
{
    public const string Path = "/account/sign-in";

    public static async Task<IResult> ShowAsync(
        HttpContext http, string? request, string? user_code, AuthorizationRequests requests, PageForm forms, CancellationToken cancellationToken)
    {
        var way = new SignInWay(request, user_code);
        if (request is null)
        {
            return Form(way, login: null, fault: null, redirectUri: null, forms.Field(http));
        }

        return await requests.OpenAsync(request, cancellationToken) is var (_, _, parameters)
            ? Form(way, parameters.LoginHint, fault: null, parameters.RedirectUri, forms.Field(http))
            : AuthorizationAnswer.Page("invalid_request_uri", "It took too long. Start again from the application.");
    }

    public static async Task<IResult> HandleAsync(
        HttpContext http, SignInPage page, AuthorizationRequests requests, PageForm forms, CancellationToken cancellationToken)
    {
        if (await forms.ReadAsync(http, cancellationToken) is not { } form)
        {
            return PageForm.Refused();
        }

        var way = new SignInWay(form.GetValueOrDefault("request"), form.GetValueOrDefault("user_code"));
        var kept = await requests.OpenAsync(way.Request, cancellationToken);
        if (way.Request is not null && kept is null)
        {
            return AuthorizationAnswer.Page("invalid_request_uri", "It took too long. Start again from the application.");
        }

        var (login, password) = (form.GetValueOrDefault("username") ?? "", form.GetValueOrDefault("password") ?? "");
        return await page.SignInAsync(http, login, password, cancellationToken) is { } fault
            ? Form(way, login, fault, kept?.Parameters.RedirectUri, forms.Field(http))
            : new SeeOther(kept is null ? way.Next : AuthorizationRequests.AddressOf(kept.Value.Request, way.Request!));
    }

    /// <summary>Signs in; null, or what to tell.</summary>
    private async Task<string?> SignInAsync(HttpContext http, string login, string password, CancellationToken cancellationToken)
    {
        if (login.Length > LoginName.Longest || password.Length > PasswordPolicy.Longest)
        {
            return "The user name or the password is not right.";
        }

        var check = await credentials.CheckAsync(login, password, cancellationToken);
        if (!check.Accepted || check.User is not { } user)
        {
            var refusal = outcome.Refused(check);
            await database.SaveChangesAsync(cancellationToken);
            return check.BlockedFor is { } wait
                ? string.Create(CultureInfo.InvariantCulture, $"Too many failed attempts for this name. Try again in {Math.Ceiling(wait.TotalSeconds)} seconds.")
                : refusal.ProblemDetails.Detail;
        }

        var current = await browsers.FindAsync(http, cancellationToken);
        if (current is not null && current.User.Id != user.Id)
        {
            await ending.EndAsync(current.Session.Id, SignOut.EndOf(current, outcome.Caller), cancellationToken);
        }

        outcome.SignedIn(user, browsers.SignIn(http, user, current));
        await database.SaveChangesAsync(cancellationToken);
        return null;
    }

    private static Page Form(SignInWay way, string? login, string? fault, string? redirectUri, Html field) => new(
        "Sign in",
        $"""
        {FaultOf(fault)}
        <form method="post" action="{Path}">
        {field}
        {way.Fields}
        <label for="username">User name or e-mail address</label>
        <input id="username" name="username" value="{login}" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="254" required>
        <label for="password">Password</label>
        <input id="password" name="password" type="password" autocomplete="current-password" maxlength="256" required>
        <button>Sign in</button>
        </form>
        """)
    {
        Status = fault is null ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest,
        RedirectUri = redirectUri,
    };

    private static Html FaultOf(string? fault) => fault is null ? Html.Nothing : $"""<p class="fault" role="alert">{fault}</p>""";
}

/// <summary>What a browser signs in for.</summary>
internal sealed record SignInWay(string? Request, string? UserCode)
{
    /// <summary>Where it goes then, without a request.</summary>
    public string Next => UserCode is null ? AccountPage.Path : $"{DevicePage.Path}?user_code={Uri.EscapeDataString(UserCode)}";

    /// <summary>Hidden fields by which the form knows it again.</summary>
    public Html Fields => $"{Field("request", Request)}{Field("user_code", UserCode)}";

    private static Html Field(string name, string? value) =>
        value is null ? Html.Nothing : $"""<input type="hidden" name="{name}" value="{value}">""";
}
