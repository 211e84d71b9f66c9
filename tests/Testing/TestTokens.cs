using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Platform.Testing;

/// <summary>
/// An issuer for the tests of services other than identity: signs access tokens and publishes its key set over HTTP, so
/// that a service checks them by the code and configuration it always uses.
/// </summary>
public sealed class TestTokens : IAsyncDisposable
{
    /// <summary>The tenant of the platform's first start.</summary>
    public static readonly Guid DefaultTenant = new("00000000-0000-0000-0000-000000000001");

    /// <summary>The <c>iss</c> of its tokens.</summary>
    public const string Issuer = "https://identity.test";

    private const string KeyId = "test-key";

    private readonly RSA _key = RSA.Create(2048);
    private readonly WebApplication _keySet;

    private TestTokens(WebApplication keySet) => _keySet = keySet;

    /// <summary>Configuration of the service under test.</summary>
    public IReadOnlyDictionary<string, string?> Settings => new Dictionary<string, string?>(StringComparer.Ordinal)
    {
        ["Authentication:Issuer"] = Issuer,
        ["Authentication:KeySetAddress"] = $"{_keySet.Urls.First()}/jwks.json",
    };

    public static async Task<TestTokens> StartAsync(CancellationToken cancellationToken = default)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var server = builder.Build();
        var tokens = new TestTokens(server);
        server.MapGet("/jwks.json", () => Results.Text(tokens.KeySet(), "application/json"));
        await server.StartAsync(cancellationToken);
        return tokens;
    }

    /// <summary>A token of a user with these scopes.</summary>
    public string User(Guid userId, Guid tenantId, params string[] scopes) => Sign(Claims(userId.ToString(), tenantId, scopes));

    /// <summary>A token with anything changed: a claim set to null is left out.</summary>
    public string User(Guid userId, Guid tenantId, string[] scopes, Action<JsonObject> change)
    {
        var claims = Claims(userId.ToString(), tenantId, scopes);
        change(claims);
        return Sign(claims);
    }

    /// <summary>A token of a client acting for itself: its subject is its <c>client_id</c>.</summary>
    public string Client(string clientId, Guid tenantId, params string[] scopes)
    {
        var claims = Claims(clientId, tenantId, scopes);
        claims["client_id"] = clientId;
        claims.Remove("sid");
        return Sign(claims);
    }

    public async ValueTask DisposeAsync()
    {
        await _keySet.DisposeAsync();
        _key.Dispose();
    }

    private static JsonObject Claims(string subject, Guid tenantId, string[] scopes)
    {
        var now = TimeProvider.System.GetUtcNow();
        return new JsonObject
        {
            ["iss"] = Issuer,
            ["aud"] = "platform",
            ["sub"] = subject,
            ["client_id"] = "web",
            ["jti"] = Guid.CreateVersion7(now).ToString(),
            ["sid"] = $"session-of-{subject}",
            ["tid"] = tenantId.ToString(),
            ["name"] = $"name-of-{subject}",
            ["scope"] = string.Join(' ', scopes),
            ["epoch"] = 0,
            ["iat"] = now.ToUnixTimeSeconds(),
            ["exp"] = now.AddMinutes(15).ToUnixTimeSeconds(),
        };
    }

    private string Sign(JsonObject claims)
    {
        var header = new JsonObject { ["alg"] = "RS256", ["typ"] = "at+jwt", ["kid"] = KeyId };
        var signed = $"{Encode(header.ToJsonString())}.{Encode(claims.ToJsonString())}";
        var signature = _key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return $"{signed}.{Base64Url.EncodeToString(signature)}";
    }

    private string KeySet()
    {
        var key = _key.ExportParameters(includePrivateParameters: false);
        return JsonSerializer.Serialize(new
        {
            keys = new[]
            {
                new { kty = "RSA", use = "sig", alg = "RS256", kid = KeyId, n = Base64Url.EncodeToString(key.Modulus), e = Base64Url.EncodeToString(key.Exponent) },
            },
        });
    }

    private static string Encode(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));
}
