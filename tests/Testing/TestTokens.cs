using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Platform.Testing;

/// <summary>
/// Stands in for the identity service towards a single service under test: signs access tokens (RFC 9068) with a key of
/// its own and publishes it, so that the service reads keys and checks tokens as it always does. In a test project:
/// <c>[assembly: AssemblyFixture(typeof(TestTokens))]</c>; give the service <see cref="Settings"/>.
/// </summary>
public sealed class TestTokens : IAsyncLifetime
{
    /// <summary>For <c>Authentication:Issuer</c>.</summary>
    public const string Issuer = "https://platform.test";

    private const string KeyId = "test-1";

    private readonly RSA _key = RSA.Create(2048);
    private WebApplication? _server;

    /// <summary>Configuration of a service that is to believe these tokens.</summary>
    public IReadOnlyDictionary<string, string?> Settings => new Dictionary<string, string?>(StringComparer.Ordinal)
    {
        ["Authentication:Issuer"] = Issuer,
        ["Authentication:KeySetAddress"] = $"{_server!.Urls.First()}/.well-known/jwks.json",
    };

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _server = builder.Build();
        _server.MapGet("/.well-known/jwks.json", () => Results.Text(KeySet(), "application/jwk-set+json"));
        await _server.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        _key.Dispose();
    }

    /// <summary>A valid access token.</summary>
    /// <param name="claims">Claims to add or to replace; null takes one out.</param>
    public string Create(
        string subject,
        Guid tenantId,
        IEnumerable<string> scopes,
        DateTimeOffset? now = null,
        IReadOnlyDictionary<string, object?>? claims = null)
    {
        var issuedAt = (now ?? TimeProvider.System.GetUtcNow()).ToUnixTimeSeconds();
        Dictionary<string, object?> all = new(StringComparer.Ordinal)
        {
            ["iss"] = Issuer,
            ["aud"] = "platform",
            ["sub"] = subject,
            ["jti"] = Guid.CreateVersion7().ToString(),
            ["sid"] = Guid.CreateVersion7().ToString(),
            ["tid"] = tenantId.ToString(),
            ["client_id"] = "test",
            ["scope"] = string.Join(' ', scopes),
            ["roles"] = Array.Empty<string>(),
            ["epoch"] = 0,
            ["iat"] = issuedAt,
            ["exp"] = issuedAt + 600,
        };
        foreach (var (name, value) in claims ?? new Dictionary<string, object?>())
        {
            all[name] = value;
        }

        return Sign(new { alg = "RS256", typ = "at+jwt", kid = KeyId }, all.Where(claim => claim.Value is not null).ToDictionary());
    }

    /// <summary>Signs anything with the published key.</summary>
    public string Sign(object header, object payload)
    {
        var signed = $"{Encode(JsonSerializer.SerializeToUtf8Bytes(header))}.{Encode(JsonSerializer.SerializeToUtf8Bytes(payload))}";
        return $"{signed}.{Encode(_key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}";
    }

    private static string Encode(byte[] octets) => Base64Url.EncodeToString(octets);

    private string KeySet()
    {
        var numbers = _key.ExportParameters(includePrivateParameters: false);
        return JsonSerializer.Serialize(new
        {
            keys = new[]
            {
                new { kty = "RSA", use = "sig", alg = "RS256", kid = KeyId, n = Encode(numbers.Modulus!), e = Encode(numbers.Exponent!) },
            },
        });
    }
}
