using IdentityService.Pages;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Options;
using ServiceDefaults.Authentication;

namespace IdentityService.Authorization;

/// <summary>
/// Answers to an authorization request, given to the client by way of the browser (RFC 6749 sections 4.1.2 and 4.1.2.1),
/// always with <c>iss</c>, so that a client of several servers can't be made to mix them up (RFC 9207 section 2).
/// </summary>
internal sealed class AuthorizationAnswer(IOptions<AuthenticationOptions> options)
{
    public IResult Code(AuthorizationParameters request, string code) => To(request.RedirectUri, request.State, ("code", code));

    public IResult Fault(string redirectUri, string? state, AuthorizationFault fault) =>
        To(redirectUri, state, ("error", fault.Error), ("error_description", fault.Description));

    /// <summary>For what must not be sent to an address that may be an attacker's (RFC 6749 section 4.1.2.1).</summary>
    public static IResult Page(string error, string description) =>
        new Pages.Page("This sign-in link does not work", $"<p>{description}</p><p>Error: <code>{error}</code></p>") { Status = StatusCodes.Status400BadRequest };

    private SeeOther To(string redirectUri, string? state, params ReadOnlySpan<(string Name, string Value)> parameters)
    {
        Dictionary<string, string?> all = new(StringComparer.Ordinal);
        foreach (var (name, value) in parameters)
        {
            all[name] = value;
        }

        if (state is not null)
        {
            all["state"] = state;
        }

        all["iss"] = options.Value.Issuer;
        return new SeeOther(QueryHelpers.AddQueryString(redirectUri, all));
    }
}
