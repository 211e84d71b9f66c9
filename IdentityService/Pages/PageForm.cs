using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using IdentityService.Keys;
using IdentityService.Tokens;
using ServiceDefaults.Pages;

namespace IdentityService.Pages;

/// <summary>
/// Keeps other sites from posting our forms, before sign-in too: a form carries an HMAC of a random cookie of the browser
/// it was made for. Nothing is stored, and any replica can check it.
/// </summary>
internal sealed class PageForm(KeyEncryption keys, PageCookies cookies)
{
    private const string FieldName = "form";
    private const int Size = 32;

    /// <summary>The hidden field; gives the browser its cookie when it has none.</summary>
    public Html Field(HttpContext http) => $"""<input type="hidden" name="{FieldName}" value="{BrowserOf(http)}">""";

    /// <summary>What the browser's forms carry, by which it can be known again; gives it its cookie when it has none.</summary>
    public string BrowserOf(HttpContext http)
    {
        if (cookies.Read(http, PageCookies.Form) is { Length: > Size } known)
        {
            return TokenOf(known, keys.Forms.First());
        }

        if (http.Items[typeof(PageForm)] is not string browser)
        {
            browser = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Size));
            cookies.Write(http, PageCookies.Form, browser);
            http.Items[typeof(PageForm)] = browser;
        }

        return TokenOf(browser, keys.Forms.First());
    }

    /// <summary>The posted fields; null when the form is broken or not one of ours for this browser.</summary>
    public async Task<Dictionary<string, string>?> ReadAsync(HttpContext http, CancellationToken cancellationToken) =>
        await OAuthForm.ReadAsync(http.Request, cancellationToken) is { } form && IsGenuine(http, form.GetValueOrDefault(FieldName)) ? form : null;

    /// <summary>What is shown then.</summary>
    public static Page Refused() => new("This form is out of date", $"<p>Go back, load the page again and repeat what you did.</p>")
    {
        Status = StatusCodes.Status400BadRequest,
    };

    private bool IsGenuine(HttpContext http, string? token) =>
        http.Request.Headers["Sec-Fetch-Site"].ToString() is "" or "same-origin" or "none"
        && token is not null
        && cookies.Read(http, PageCookies.Form) is { } browser
        && keys.Forms.Any(key => CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(token), Encoding.UTF8.GetBytes(TokenOf(browser, key))));

    private static string TokenOf(string browser, byte[] key) =>
        Base64Url.EncodeToString(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(browser)));
}
