using System.Net;
using System.Net.Http.Headers;
using System.Text;
using IdentityService.Tests.Support;

namespace IdentityService.Tests.Attacks;

/// <summary>Bodies that no form is, or too much of one: refused with a defined answer, never a fault of ours.</summary>
public sealed class MalformedFormsTests(IdentityApi api)
{
    private static readonly string[] Endpoints =
    [
        "/connect/token", "/connect/introspect", "/connect/revoke", "/connect/par", "/connect/device_authorization", "/connect/authorize",
        "/connect/logout", "/account/sign-in", "/account/consent", "/account/device", "/account/sign-out",
    ];

    [Theory]
    [InlineData("grant_type=%")]
    [InlineData("grant_type=%zz%0")]
    [InlineData("grant_type=%ff%fe%c0%80")]
    [InlineData("grant_type=client_credentials%00")]
    [InlineData("grant_type=a&grant_type=b")]
    [InlineData("grant_type=a&GRANT_TYPE=b")]
    [InlineData("=&=&=")]
    [InlineData("&&&&")]
    [InlineData("{\"grant_type\":\"client_credentials\"}")]
    [InlineData("grant_type[]=client_credentials&grant_type[x]=1")]
    public async Task Post_BrokenForm_IsRefused(string body)
    {
        foreach (var endpoint in Endpoints)
        {
            await MustBeRefusedAsync(endpoint, new StringContent(body, Encoding.UTF8, "application/x-www-form-urlencoded"));
        }
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("text/plain")]
    [InlineData("multipart/form-data; boundary=x")]
    [InlineData("application/x-www-form-urlencoded; charset=utf-7")]
    [InlineData("application/x-www-form-urlencoded; charset=no-such")]
    [InlineData("garbage")]
    public async Task Post_AsAnotherType_IsRefused(string type)
    {
        foreach (var endpoint in Endpoints)
        {
            var content = new ByteArrayContent("grant_type=client_credentials"u8.ToArray());
            content.Headers.TryAddWithoutValidation("Content-Type", type);
            await MustBeRefusedAsync(endpoint, content);
        }
    }

    [Fact]
    public async Task Post_TooLargeOrTooManyFields_IsRefused()
    {
        foreach (var endpoint in Endpoints)
        {
            await MustBeRefusedAsync(endpoint, Form($"grant_type={new string('x', 40 * 1024)}"));
            await MustBeRefusedAsync(endpoint, Form(string.Join('&', Enumerable.Range(0, 1100).Select(at => $"a{at}=1"))));
            await MustBeRefusedAsync(endpoint, Form($"{new string('n', 3000)}=1"));
        }
    }

    [Fact]
    public async Task Post_NoBody_IsRefused()
    {
        foreach (var endpoint in Endpoints)
        {
            await MustBeRefusedAsync(endpoint, content: null);
        }
    }

    private static ByteArrayContent Form(string body)
    {
        var content = new ByteArrayContent(Encoding.ASCII.GetBytes(body));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-www-form-urlencoded");
        return content;
    }

    private async Task MustBeRefusedAsync(string endpoint, HttpContent? content)
    {
        using var browser = new Browser(api.Http.BaseAddress!);
        using var answer = await browser.SendAsync(new HttpRequestMessage(HttpMethod.Post, endpoint) { Content = content });

        // The authorization endpoint sends a post on as a query, where it is judged.
        var isAnswered = endpoint == "/connect/authorize" && answer.StatusCode == HttpStatusCode.SeeOther
            && !answer.Headers.Location!.OriginalString.StartsWith("http", StringComparison.Ordinal);
        Assert.True(isAnswered || (int)answer.StatusCode is >= 400 and < 500 || IsAsking(endpoint, answer), $"{endpoint}: {answer.StatusCode}");
    }

    // Signing out without a proof is a question to the user, whatever else was sent.
    private static bool IsAsking(string endpoint, HttpResponseMessage answer) =>
        endpoint == "/connect/logout" && answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.SeeOther;
}
