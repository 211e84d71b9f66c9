using System.Buffers.Text;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Platform.Testing;

namespace Benchmarks;

/// <summary>A device that has enrolled and holds a token.</summary>
internal sealed class BenchmarkDevice
{
    private readonly string _path;
    private readonly AuthenticationHeaderValue _authorization;

    private BenchmarkDevice(string id, string accessToken)
    {
        _path = $"/api/v1/devices/{id}/heartbeat";
        _authorization = new AuthenticationHeaderValue("Bearer", accessToken);
    }

    public static async Task<BenchmarkDevice> EnrollAsync(HttpClient gateway, string enrollmentToken, string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var issuer = gateway.BaseAddress!.GetLeftPart(UriPartial.Authority);
        var point = key.ExportParameters(includePrivateParameters: false).Q;
        var proof = Sign(key, "enroll+jwt", new { aud = issuer, iat = Now(), jti = Id(), ath = Encode(SHA256.HashData(Encoding.UTF8.GetBytes(enrollmentToken))) });
        using var enrolled = await gateway.PostAsJsonAsync(
            "/api/v1/devices/enroll",
            new { enrollmentToken, name, publicKey = new { kty = "EC", crv = "P-256", x = Encode(point.X), y = Encode(point.Y) }, proof });
        enrolled.EnsureSuccessStatusCode();
        var id = (await enrolled.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("deviceId").GetString()!;
        return new BenchmarkDevice(id, await AuthenticateAsync(gateway, key, issuer, id));
    }

    public async Task BeatAsync(HttpClient service)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, _path) { Headers = { Authorization = _authorization } };
        using var answer = await service.SendAsync(request);
        answer.EnsureSuccessStatusCode();
    }

    private static async Task<string> AuthenticateAsync(HttpClient gateway, ECDsa key, string issuer, string id)
    {
        // The identity service hears of the device over the bus.
        var token = "";
        await Eventually.Async(async () =>
        {
            using var form = new FormUrlEncodedContent(new Dictionary<string, string>
            {
                ["grant_type"] = "client_credentials",
                ["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                ["client_assertion"] = Sign(key, "JWT", new { iss = id, sub = id, aud = $"{issuer}/connect/token", iat = Now(), exp = Now() + 60, jti = Id() }),
            });
            using var answer = await gateway.PostAsync("/connect/token", form);
            if (answer.IsSuccessStatusCode)
            {
                token = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("access_token").GetString()!;
            }

            return token.Length > 0;
        }, TimeSpan.FromSeconds(30));
        return token;
    }

    private static string Sign(ECDsa key, string type, object claims)
    {
        var signed = $"{Encode(JsonSerializer.SerializeToUtf8Bytes(new { alg = "ES256", typ = type }))}.{Encode(JsonSerializer.SerializeToUtf8Bytes(claims))}";
        return $"{signed}.{Encode(key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation))}";
    }

    private static string Encode(ReadOnlySpan<byte> octets) => Base64Url.EncodeToString(octets);

    private static string Id() => Guid.CreateVersion7(TimeProvider.System.GetUtcNow()).ToString("N");

    private static long Now() => TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
}
