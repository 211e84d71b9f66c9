using System.Net;
using System.Text.RegularExpressions;

namespace IdentityService.Tests.Support;

/// <summary>A browser as far as the pages can tell: keeps cookies, fills in forms, and follows redirects when told to.</summary>
internal sealed partial class Browser(Uri service) : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = service };

    public Dictionary<string, string> Cookies { get; } = new(StringComparer.Ordinal);

    /// <summary>What came with the last answer's cookies, attributes and all.</summary>
    public List<string> SetCookies { get; private set; } = [];

    public Task<HttpResponseMessage> GetAsync(string address) => SendAsync(new HttpRequestMessage(HttpMethod.Get, address));

    public Task<HttpResponseMessage> PostAsync(string address, params (string Name, string Value)[] form) => SendAsync(
        new HttpRequestMessage(HttpMethod.Post, address)
        {
            Content = new FormUrlEncodedContent(form.Select(one => KeyValuePair.Create(one.Name, one.Value))),
        });

    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request)
    {
        if (Cookies.Count > 0)
        {
            request.Headers.Add("Cookie", string.Join("; ", Cookies.Select(cookie => $"{cookie.Key}={cookie.Value}")));
        }

        var answer = await _http.SendAsync(request);
        request.Dispose();
        SetCookies = answer.Headers.TryGetValues("Set-Cookie", out var cookies) ? [.. cookies] : [];
        foreach (var pair in SetCookies.Select(cookie => cookie.Split(';')[0].Split('=', 2)))
        {
            Cookies[pair[0]] = pair[1];
        }

        return answer;
    }

    /// <summary>Opens a page, following redirects within the service; a redirect out of it is returned as its address.</summary>
    public async Task<(string Text, Uri? Out)> OpenAsync(string address) => await FollowAsync(await GetAsync(address));

    /// <summary>Sends the form of a page with more or other fields.</summary>
    public async Task<(string Text, Uri? Out)> SubmitAsync(string page, params (string Name, string Value)[] fields) =>
        await FollowAsync(await TrySubmitAsync(page, fields));

    public Task<HttpResponseMessage> TrySubmitAsync(string page, params (string Name, string Value)[] fields)
    {
        Dictionary<string, string> all = new(StringComparer.Ordinal);
        foreach (Match hidden in Hidden().Matches(page))
        {
            all[hidden.Groups["name"].Value] = WebUtility.HtmlDecode(hidden.Groups["value"].Value);
        }

        foreach (var (name, value) in fields)
        {
            all[name] = value;
        }

        return PostAsync(WebUtility.HtmlDecode(Action().Match(page).Groups["action"].Value), [.. all.Select(one => (one.Key, one.Value))]);
    }

    public async Task<(string Text, Uri? Out)> SignInAsync(string page, Person person) =>
        await SubmitAsync(page, ("username", person.UserName), ("password", person.Password));

    public void Dispose() => _http.Dispose();

    private async Task<(string Text, Uri? Out)> FollowAsync(HttpResponseMessage answer)
    {
        while (answer.StatusCode == HttpStatusCode.SeeOther)
        {
            var next = answer.Headers.Location!;
            answer.Dispose();
            if (next.IsAbsoluteUri && next.Scheme != "file")
            {
                return ("", next);
            }

            answer = await GetAsync(next.OriginalString);
        }

        using (answer)
        {
            return (await answer.Content.ReadAsStringAsync(), null);
        }
    }

    [GeneratedRegex("""<input type="hidden" name="(?<name>[^"]+)" value="(?<value>[^"]*)">""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Hidden();

    [GeneratedRegex("<form method=\"post\" action=\"(?<action>[^\"]+)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Action();
}
