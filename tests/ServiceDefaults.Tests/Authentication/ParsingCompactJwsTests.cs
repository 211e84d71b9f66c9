using System.Text;
using ServiceDefaults.Authentication;

namespace ServiceDefaults.Tests.Authentication;

public sealed class ParsingCompactJwsTests
{
    // RFC 7515 appendix A.3: ES256 over {"iss":"joe",...}.
    private const string Rfc7515A3 =
        "eyJhbGciOiJFUzI1NiJ9"
        + ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
        + ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

    private const string Rfc7515A3Key =
        """
        {"kty":"EC","crv":"P-256",
         "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
         "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}
        """;

    // RFC 7515 appendix A.2: RS256.
    private const string Rfc7515A2 =
        "eyJhbGciOiJSUzI1NiJ9"
        + ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
        + ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

    private const string Rfc7515A2Key =
        """
        {"kty":"RSA","e":"AQAB",
         "n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"}
        """;

    [Theory]
    [InlineData(Rfc7515A3, Rfc7515A3Key, "ES256")]
    [InlineData(Rfc7515A2, Rfc7515A2Key, "RS256")]
    public void Verify_ExamplesOfRfc7515_Holds(string token, string jwk, string algorithm)
    {
        Assert.True(CompactJws.TryParse(token, out var jws));
        var key = VerificationKey.FromJwk(TokenForge.Json(jwk), "example");

        Assert.Equal(algorithm, jws.Algorithm);
        Assert.True(key!.Verifies(jws));
        Assert.Equal("joe", jws.Payload.GetProperty("iss").GetString());
    }

    [Theory]
    [InlineData(Rfc7515A3, Rfc7515A2Key)]
    [InlineData(Rfc7515A2, Rfc7515A3Key)]
    public void Verify_KeyOfAnotherAlgorithm_Fails(string token, string jwk)
    {
        Assert.True(CompactJws.TryParse(token, out var jws));
        Assert.False(VerificationKey.FromJwk(TokenForge.Json(jwk), "example")!.Verifies(jws));
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a.b")]
    [InlineData(Rfc7515A3 + ".x")]
    [InlineData(Rfc7515A3 + "=")]
    [InlineData(Rfc7515A3 + " ")]
    [InlineData(" " + Rfc7515A3)]
    [InlineData(Rfc7515A3 + "\n")]
    [InlineData("é" + Rfc7515A3)]
    public void Parse_NotThreeCleanParts_Refuses(string token) => Assert.False(CompactJws.TryParse(token, out _));

    [Fact]
    public void Parse_StrayBitsInLastCharacter_Refuses()
    {
        // The signature of A.3 ends in 86 characters for 64 octets: the low 4 bits of the last one carry nothing.
        Assert.EndsWith("Q", Rfc7515A3, StringComparison.Ordinal);

        Assert.False(CompactJws.TryParse(Rfc7515A3[..^1] + "R", out _));
    }

    [Theory]
    [InlineData("""{"alg":"RS256","alg":"none"}""")]
    [InlineData("""{"alg":"RS256","crit":["exp"],"exp":1}""")]
    [InlineData("""{"alg":1}""")]
    [InlineData("""{"typ":"at+jwt"}""")]
    [InlineData("""{"alg":"RS256","kid":7}""")]
    [InlineData("""["RS256"]""")]
    [InlineData("""{"alg":"RS256"} """ + "x")]
    [InlineData("""{"alg":"RS256",}""")]
    public void Parse_BadHeader_Refuses(string header) =>
        Assert.False(CompactJws.TryParse(Token(header, "{}"), out _));

    [Theory]
    [InlineData("{\"alg\":\"RS256\",\"kid\":\"\\ud800\"}")]
    [InlineData("{\"alg\":\"\\udfff\"}")]
    [InlineData("{\"alg\":\"RS256\",\"\\ud800\":1}")]
    public void Parse_HeaderThatIsNoUnicode_IsReadOrRefusedButDoesNotThrow(string header)
    {
        var bytes = Encoding.UTF8.GetBytes(header);
        Assert.False(CompactJws.TryParse($"{TokenForge.Encode(bytes)}.{TokenForge.Encode("{}"u8)}.AAAA", out var read) && read.KeyId is not null);
        var broken = bytes.Select(octet => octet == (byte)'R' ? (byte)0xFF : octet).ToArray();
        Assert.False(CompactJws.TryParse($"{TokenForge.Encode(broken)}.{TokenForge.Encode("{}"u8)}.AAAA", out var jws) && jws.Algorithm == "RS256");
    }

    [Fact]
    public void Parse_HeadersOfManyKinds_AreNeverTakenForOneAnother()
    {
        for (var number = 0; number < 50; number++)
        {
            Assert.True(CompactJws.TryParse(Token($$"""{"alg":"RS256","kid":"key-{{number % 20}}"}""", "{}"), out var jws));
            Assert.Equal($"key-{number % 20}", jws.KeyId);
        }
    }

    [Theory]
    [InlineData("""{"sub":"a","sub":"b"}""")]
    [InlineData("\"text\"")]
    [InlineData("{")]
    [InlineData("""{"a":{"b":1,"b":2}}""")]
    public void Parse_BadPayload_Refuses(string payload) =>
        Assert.False(CompactJws.TryParse(Token("""{"alg":"RS256"}""", payload), out _));

    [Fact]
    public void Parse_LongerThanTheBound_Refuses()
    {
        var filler = new string('a', CompactJws.Longest);

        Assert.False(CompactJws.TryParse(Token("""{"alg":"RS256"}""", $$"""{"a":"{{filler}}"}"""), out _));
    }

    [Fact]
    public void FromJwk_RsaOf1024Bits_Throws()
    {
        var modulus = TokenForge.Encode(new byte[128].Select(_ => (byte)0xFF).ToArray());

        Assert.Throws<System.Security.Cryptography.CryptographicException>(() =>
            VerificationKey.FromJwk(TokenForge.Json($$"""{"kty":"RSA","n":"{{modulus}}","e":"AQAB"}"""), "weak"));
    }

    [Theory]
    [InlineData("""{"kty":"oct","k":"AAAA","kid":"a"}""")]
    [InlineData("""{"kty":"EC","crv":"P-384","x":"AA","y":"AA","kid":"a"}""")]
    [InlineData("""{"kty":"RSA","n":"AA","e":"AQAB","use":"enc","kid":"a"}""")]
    [InlineData("""{"kty":"RSA","n":"AA","e":"AQAB"}""")]
    public void FromJwk_KeyNotForThis_GivesNone(string jwk) => Assert.Null(VerificationKey.FromJwk(TokenForge.Json(jwk)));

    [Fact]
    public void FromJwk_PointOffTheCurve_Throws() =>
        Assert.ThrowsAny<System.Security.Cryptography.CryptographicException>(() => VerificationKey.FromJwk(
            TokenForge.Json($$"""{"kty":"EC","crv":"P-256","x":"{{TokenForge.Encode(new byte[32])}}","y":"{{TokenForge.Encode(new byte[32])}}"}"""), "off"));

    private static string Token(string header, string payload) =>
        $"{TokenForge.Encode(Encoding.UTF8.GetBytes(header))}.{TokenForge.Encode(Encoding.UTF8.GetBytes(payload))}.AAAA";
}
