using System.Net.Http.Headers;
using System.Text;
using Microsoft.Extensions.Options;
using Polly;

namespace Gateway.Tokens;

/// <summary>Requests to the identity service in the gateway's own name (<c>client_secret_basic</c>, RFC 6749 section 2.3.1).</summary>
internal sealed class IdentityClient(IHttpClientFactory clients, IOptions<IdentityClientOptions> options)
{
    public const string Name = "identity";

    /// <summary>Posts a form. A fault of the way there is one of <see cref="IsAway"/>.</summary>
    public Task<HttpResponseMessage> PostAsync(
        string path, Dictionary<string, string> form, string? clientAddress, CancellationToken cancellationToken)
    {
        var request = Request(HttpMethod.Post, path);
        request.Content = new FormUrlEncodedContent(form);
        if (clientAddress is not null)
        {
            request.Headers.TryAddWithoutValidation("X-Forwarded-For", clientAddress);
        }

        return clients.CreateClient(Name).SendAsync(request, cancellationToken);
    }

    /// <summary>Gets an answer whose body is read as it comes.</summary>
    public Task<HttpResponseMessage> GetAsync(string path, CancellationToken cancellationToken) =>
        clients.CreateClient(Name).SendAsync(Request(HttpMethod.Get, path), HttpCompletionOption.ResponseHeadersRead, cancellationToken);

    /// <summary>Whether the identity service could not be asked, which says nothing about what was to be asked.</summary>
    public static bool IsAway(Exception fault) =>
        fault is HttpRequestException or IOException or ExecutionRejectedException or OperationCanceledException or TimeoutException;

    private HttpRequestMessage Request(HttpMethod method, string path)
    {
        var identity = options.Value;
        var credentials = $"{Uri.EscapeDataString(identity.ClientId)}:{Uri.EscapeDataString(identity.ClientSecret)}";
        return new HttpRequestMessage(method, new Uri(identity.Address, path))
        {
            Headers = { Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(credentials))) },
        };
    }
}
