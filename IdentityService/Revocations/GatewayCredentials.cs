using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;

namespace IdentityService.Revocations;

/// <summary>The gateway's <c>client_secret_basic</c> (RFC 6749 section 2.3.1), from <c>Clients:Gateway:Secret</c>.</summary>
internal sealed class GatewayCredentials(IConfiguration configuration)
{
    private const int LeastLength = 32;

    /// <summary>Whether the request comes from the gateway; never while the secret is not set.</summary>
    public bool Are(HttpRequest request) =>
        configuration["Clients:Gateway:Secret"] is { Length: >= LeastLength } secret
        && request.Headers.Authorization is [{ } header]
        && AuthenticationHeaderValue.TryParse(header, out var authorization)
        && authorization is { Scheme: "Basic", Parameter: { } given }
        && CryptographicOperations.FixedTimeEquals(
            SHA256.HashData(Encoding.UTF8.GetBytes(given)),
            SHA256.HashData(Encoding.UTF8.GetBytes(Convert.ToBase64String(Encoding.UTF8.GetBytes($"gateway:{Uri.EscapeDataString(secret)}")))));
}
