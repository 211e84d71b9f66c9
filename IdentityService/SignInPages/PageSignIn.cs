using IdentityService.Accounts;
using IdentityService.Sessions;
using IdentityService.SigningOut;

namespace IdentityService.SignInPages;

/// <summary>The end of every sign-in on the pages.</summary>
internal sealed class PageSignIn(BrowserSessions browsers, LogInOutcome outcome, SessionEnding ending)
{
    /// <summary>Signs the browser in; whoever else was signed in there is no more. The save is the page's.</summary>
    public async Task CompleteAsync(HttpContext http, User user, string[] methods, CancellationToken cancellationToken)
    {
        var current = await browsers.FindAsync(http, cancellationToken);
        if (current is not null && current.User.Id != user.Id)
        {
            await ending.EndAsync(current.Session.Id, SignOut.EndOf(current, outcome.Caller), cancellationToken);
        }

        outcome.SignedIn(user, browsers.SignIn(http, user, current, methods));
    }
}
