using System.Buffers.Text;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace EndToEnd.Tests.Support;

/// <summary>A device with a key pair of its own, which never leaves it.</summary>
internal sealed class DeviceClient(HttpClient http, string issuer) : IDisposable
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public PlatformClient Platform { get; } = new(http);

    public string Id { get; private set; } = "";

    public async Task<JsonElement> EnrollAsync(string enrollmentToken, string name)
    {
        var enrolled = await Platform.PostAsync(
            "/api/v1/devices/enroll",
            new
            {
                enrollmentToken,
                name,
                publicKey = PublicKey(),
                proof = Sign("enroll+jwt", new
                {
                    aud = issuer,
                    iat = Now(),
                    jti = Guid.CreateVersion7(),
                    ath = Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(enrollmentToken))),
                }),
            },
            HttpStatusCode.Created);
        Id = enrolled.GetProperty("deviceId").GetString()!;
        return enrolled;
    }

    /// <summary>RFC 7523: a token for an assertion signed with the device's own key.</summary>
    public async Task<HttpStatusCode> AuthenticateAsync()
    {
        using var form = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["grant_type"] = "client_credentials",
            ["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ["client_assertion"] = Sign("JWT", new { iss = Id, sub = Id, aud = $"{issuer}/connect/token", iat = Now(), exp = Now() + 60, jti = Guid.CreateVersion7() }),
        });
        using var answer = await http.PostAsync("/connect/token", form);
        if (answer.StatusCode == HttpStatusCode.OK)
        {
            Platform.Use((await PlatformClient.ReadAsync(answer)).GetProperty("access_token").GetString()!);
        }

        return answer.StatusCode;
    }

    public async Task<HttpStatusCode> BeatAsync(string? id = null)
    {
        using var answer = await http.PostAsJsonAsync($"/api/v1/devices/{id ?? Id}/heartbeat", new { });
        return answer.StatusCode;
    }

    public void Dispose()
    {
        _key.Dispose();
        Platform.Dispose();
    }

    private static long Now() => TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();

    private object PublicKey()
    {
        var point = _key.ExportParameters(includePrivateParameters: false).Q;
        return new { kty = "EC", crv = "P-256", x = Base64Url.EncodeToString(point.X), y = Base64Url.EncodeToString(point.Y) };
    }

    private string Sign(string type, object claims)
    {
        var signed = $"{Part(new { alg = "ES256", typ = type })}.{Part(claims)}";
        var signature = _key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        return $"{signed}.{Base64Url.EncodeToString(signature)}";
    }

    private static string Part(object members) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(members));
}
