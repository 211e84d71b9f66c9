using System.Globalization;
using IdentityService.Accounts;
using IdentityService.Authorization;
using IdentityService.Data;
using IdentityService.Pages;
using IdentityService.SecondFactor;
using IdentityService.Sessions;
using ServiceDefaults.Pages;

namespace IdentityService.SignInPages;

/// <summary>Asks for a code after the password, and of a browser that is signed in when an application wants to be surer.</summary>
internal sealed class SecondFactorPage(
    IdentityDb database, BrowserSessions browsers, SecondStep secondStep, PageSignIn signIn, PageStepUp stepUp, PageCookies cookies)
{
    public const string Path = "/account/sign-in/code";
    public const string StepUpPath = "/account/step-up";

    public static Task<IResult> ShowAsync(
        HttpContext http, string? request, string? user_code, SecondFactorPage page, AuthorizationRequests requests, PageForm forms, CancellationToken cancellationToken) =>
        page.ShowAsync(http, Path, new SignInWay(request, user_code), requests, forms, cancellationToken);

    public static Task<IResult> ShowStepUpAsync(
        HttpContext http, string? request, SecondFactorPage page, AuthorizationRequests requests, PageForm forms, CancellationToken cancellationToken) =>
        page.ShowAsync(http, StepUpPath, new SignInWay(request, null), requests, forms, cancellationToken);

    public static Task<IResult> HandleAsync(
        HttpContext http, SecondFactorPage page, AuthorizationRequests requests, PageForm forms, CancellationToken cancellationToken) =>
        page.AnswerAsync(http, Path, requests, forms, cancellationToken);

    public static Task<IResult> HandleStepUpAsync(
        HttpContext http, SecondFactorPage page, AuthorizationRequests requests, PageForm forms, CancellationToken cancellationToken) =>
        page.AnswerAsync(http, StepUpPath, requests, forms, cancellationToken);

    private async Task<IResult> ShowAsync(
        HttpContext http, string path, SignInWay way, AuthorizationRequests requests, PageForm forms, CancellationToken cancellationToken) =>
        await way.OpenAsync(requests, cancellationToken) is not { } open ? SignInWay.Gone()
        : await FindAsync(http, path, cancellationToken) is var (user, _, _) ? Form(path, open, user, fault: null, forms.Field(http))
        : new SeeOther(way.Under(SignInPage.Path));

    private async Task<IResult> AnswerAsync(
        HttpContext http, string path, AuthorizationRequests requests, PageForm forms, CancellationToken cancellationToken)
    {
        if (await forms.ReadAsync(http, cancellationToken) is not { } form)
        {
            return PageForm.Refused();
        }

        var way = SignInWay.Of(form);
        if (await way.OpenAsync(requests, cancellationToken) is not { } open)
        {
            return SignInWay.Gone();
        }

        if (await FindAsync(http, path, cancellationToken) is not var (user, challenge, browser))
        {
            return new SeeOther(way.Under(SignInPage.Path));
        }

        var text = form.GetValueOrDefault("code") ?? "";
        var check = text.Length > TypedCode.Longest ? default : await secondStep.CheckAsync(user, TypedCode.Of(text), cancellationToken);
        if (!check.Accepted)
        {
            return Form(path, open, user, FaultOf(check), forms.Field(http));
        }

        return await CompleteAsync(http, user, challenge, browser, cancellationToken)
            ? new SeeOther(open.Next)
            : new SeeOther(way.Under(SignInPage.Path));
    }

    /// <summary>Whose code it is to be: who gave the password in this browser a moment ago, or who is signed in here.</summary>
    private async Task<(User User, Challenge? Challenge, BrowserSession? Browser)?> FindAsync(
        HttpContext http, string path, CancellationToken cancellationToken)
    {
        if (path == Path)
        {
            return await secondStep.OpenAsync(cookies.Read(http, PageCookies.Challenge), cancellationToken) is var (challenge, user)
                ? (user, challenge, null)
                : null;
        }

        return await browsers.FindAsync(http, cancellationToken) is { User.TwoFactorEnabled: true } browser ? (browser.User, null, browser) : null;
    }

    private async Task<bool> CompleteAsync(
        HttpContext http, User user, Challenge? challenge, BrowserSession? browser, CancellationToken cancellationToken)
    {
        if (challenge is null)
        {
            stepUp.Apply(browser!, AuthenticationMethods.Code);
            await database.SaveChangesAsync(cancellationToken);
            return true;
        }

        await signIn.CompleteAsync(http, user, AuthenticationMethods.PasswordAndCode, cancellationToken);
        cookies.Delete(http, PageCookies.Challenge);
        return await secondStep.SaveAsync(challenge, cancellationToken);
    }

    private static string FaultOf(CodeResult check) => check.BlockedFor is { } wait
        ? string.Create(CultureInfo.InvariantCulture, $"Too many wrong codes. Try again in {Math.Ceiling(wait.TotalSeconds)} seconds.")
        : "The code is not right, or it was used before. Wait for the next one.";

    private static Page Form(string path, OpenWay way, User user, string? fault, Html field) => new(
        "Enter your code",
        $"""
        {Page.FaultOf(fault)}
        <p>You sign in as <strong>{user.UserName}</strong>. Your authenticator app shows a code of six digits.</p>
        <form method="post" action="{path}">
        {field}
        {way.Way.Fields}
        <label for="code">Code</label>
        <input id="code" name="code" autocomplete="one-time-code" autocapitalize="none" spellcheck="false" maxlength="64" aria-describedby="code-hint" required autofocus>
        <p class="hint" id="code-hint">Without your authenticator, enter one of your recovery codes instead.</p>
        <button>Continue</button>
        </form>
        """)
    {
        Status = fault is null ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest,
        RedirectUri = way.RedirectUri,
    };
}
