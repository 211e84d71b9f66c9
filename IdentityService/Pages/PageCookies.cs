using Microsoft.Extensions.Options;
using ServiceDefaults.Authentication;

namespace IdentityService.Pages;

/// <summary>
/// The pages' cookies: for this host only, unreadable for script, not sent along by other sites' forms and frames. Over
/// HTTPS their names make browsers enforce it (RFC 6265bis section 4.1.3.2).
/// </summary>
internal sealed class PageCookies(IOptions<AuthenticationOptions> options)
{
    public const string Session = "session";
    public const string Form = "form";

    /// <summary>Between the password and the code.</summary>
    public const string Challenge = "challenge";

    private readonly bool _secure = options.Value.Issuer.StartsWith("https:", StringComparison.OrdinalIgnoreCase);

    public string? Read(HttpContext http, string name) => http.Request.Cookies[NameOf(name)];

    public void Write(HttpContext http, string name, string value) => http.Response.Cookies.Append(NameOf(name), value, Options());

    public void Delete(HttpContext http, string name) => http.Response.Cookies.Delete(NameOf(name), Options());

    private string NameOf(string name) => _secure ? $"__Host-{name}" : name;

    // Lax: a client's redirect to here must find the session.
    private CookieOptions Options() => new() { HttpOnly = true, Secure = _secure, SameSite = SameSiteMode.Lax, Path = "/", IsEssential = true };
}
