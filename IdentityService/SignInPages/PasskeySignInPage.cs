using IdentityService.Authorization;
using IdentityService.Pages;
using IdentityService.Passkeys;

namespace IdentityService.SignInPages;

/// <summary>Signs a browser in with a passkey, which is both factors at once.</summary>
internal static class PasskeySignInPage
{
    public const string Path = "/account/sign-in/passkey";

    public static async Task<IResult> HandleAsync(
        HttpContext http,
        PasskeySignIn passkeys,
        PageSignIn signIn,
        SignInForm signInForm,
        AuthorizationRequests requests,
        PageForm forms,
        CancellationToken cancellationToken)
    {
        if (await forms.ReadAsync(http, cancellationToken) is not { } form)
        {
            return PageForm.Refused();
        }

        if (await SignInWay.Of(form).OpenAsync(requests, cancellationToken) is not { } way)
        {
            return SignInWay.Gone();
        }

        var proof = await passkeys.RunAsync(
            PasskeyForm.AnswerOf(form),
            forms.BrowserOf(http),
            http,
            proof => signIn.CompleteAsync(http, proof.User, proof.Methods, cancellationToken),
            cancellationToken);
        return proof is null
            ? await signInForm.MakeAsync(http, way, login: null, "The passkey is not known here, or it took too long. Try again, or use your password.")
            : new SeeOther(way.Next);
    }
}
