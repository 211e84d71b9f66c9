using System.Text.Json.Nodes;
using ServiceDefaults.Authentication;

namespace ServiceDefaults.Tests.Authentication;

public sealed class ValidatingAccessTokensTests : IDisposable
{
    private readonly TokenForge _forge = new();

    public void Dispose() => _forge.Dispose();

    [Fact]
    public async Task Validate_GoodToken_GivesItsClaims()
    {
        var token = Assert.IsType<AccessToken>((await ValidateAsync(_forge.Sign())).Token);

        Assert.Equal("0197a1b2-0000-7000-8000-000000000001", token.Subject);
        Assert.Equal("token-1", token.TokenId);
        Assert.Equal("session-1", token.SessionId);
        Assert.Equal(["audit:read", "devices:read"], token.Scopes);
        Assert.Equal(["viewer"], token.Roles);
        Assert.Equal(3, token.Epoch);
        Assert.Equal(_forge.Now.AddMinutes(15), token.ExpiresAt);
    }

    [Fact]
    public async Task Validate_AudienceInArray_Accepts()
    {
        var claims = _forge.Claims();
        claims["aud"] = new JsonArray("other", "platform");

        Assert.NotNull((await ValidateAsync(_forge.Sign(claims: claims))).Token);
    }

    [Theory]
    [InlineData("iss", "https://elsewhere.test", "another issuer")]
    [InlineData("iss", null, "another issuer")]
    [InlineData("aud", "other", "another audience")]
    [InlineData("aud", null, "another audience")]
    [InlineData("sub", null, "required claim")]
    [InlineData("sub", "", "required claim")]
    [InlineData("jti", null, "required claim")]
    [InlineData("client_id", null, "required claim")]
    [InlineData("tid", "not-a-guid", "required claim")]
    [InlineData("epoch", null, "required claim")]
    [InlineData("exp", null, "expired")]
    [InlineData("exp", "tomorrow", "expired")]
    [InlineData("iat", null, "not valid yet")]
    public async Task Validate_WrongClaim_Refuses(string claim, string? value, string reason)
    {
        var claims = _forge.Claims();
        claims.Remove(claim);
        if (value is not null)
        {
            claims[claim] = value;
        }

        await RefusedAsync(_forge.Sign(claims: claims), reason);
    }

    // Signed all right, but not read the same by everybody.
    [Theory]
    [InlineData("\"sub\":\"a\",\"sub\":\"b\"")]
    [InlineData("\"sub\":\"a\",\"s\\u0075b\":\"b\"")]
    [InlineData("\"other\":1,\"other\":2")]
    [InlineData("\"act\":{\"sub\":\"a\",\"sub\":\"b\"}")]
    [InlineData("\"aud\":[\"platform\",{\"a\":1,\"a\":2}]")]
    [InlineData("\"name\":\"\\ud800\"")]
    public async Task Validate_MemberTwiceOrNoUnicode_Refuses(string members)
    {
        var claims = _forge.Claims();
        foreach (var name in (string[])["sub", "aud", "name"])
        {
            if (members.Contains($"\"{name}\":", StringComparison.Ordinal) && !members.StartsWith("\"act", StringComparison.Ordinal))
            {
                claims.Remove(name);
            }
        }

        var text = claims.ToJsonString();
        await RefusedAsync(_forge.SignRaw(_forge.Header().ToJsonString(), $"{text[..^1]},{members}}}"), "malformed");
        await RefusedAsync(_forge.SignRaw(_forge.Header().ToJsonString(), $"{text} {text}"), "malformed");
        await RefusedAsync(_forge.SignRaw(_forge.Header().ToJsonString(), $"[{text}]"), "malformed");
    }

    [Theory]
    [InlineData("\"act\":{\"sub\":\"other\"},\"amr\":[\"pwd\",\"otp\"]")]
    [InlineData("\"n\\u0061me\":\"ada\"")]
    [InlineData("\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,\"g\":7,\"h\":8,\"i\":9,\"j\":1,\"k\":2,\"l\":3,\"m\":4,\"n\":5,\"o\":6,\"p\":7,\"q\":8")]
    [InlineData("\"nothing\":null,\"yes\":true,\"half\":0.5,\"huge\":1e300")]
    public async Task Validate_MoreThanThePlatformsOwnMembers_ReadsTheSame(string members)
    {
        var claims = _forge.Claims().ToJsonString();

        var token = Assert.IsType<AccessToken>((await ValidateAsync(_forge.SignRaw(_forge.Header().ToJsonString(), $"{claims[..^1]},{members}}}"))).Token);

        Assert.Equal(("0197a1b2-0000-7000-8000-000000000001", "token-1", 3L), (token.Subject, token.TokenId, token.Epoch));
        Assert.Equal(["viewer"], token.Roles);
        Assert.Equal(["platform"], token.Audiences);
        Assert.True(token.IsFor("platform"));
        Assert.False(token.IsFor("other"));
    }

    [Theory]
    [InlineData(4, true)]
    [InlineData(5, false)]
    [InlineData(3600, false)]
    public async Task Validate_SecondsAfterExpiry_ForgivesTheSkewOnly(int seconds, bool good)
    {
        var token = _forge.Sign();
        _forge.Now += TimeSpan.FromMinutes(15) + TimeSpan.FromSeconds(seconds);

        Assert.Equal(good, (await ValidateAsync(token)).Token is not null);
    }

    [Theory]
    [InlineData("exp", 9e30)]
    [InlineData("exp", -1d)]
    [InlineData("iat", 253402300800d)]
    [InlineData("nbf", 1_800_000_100d)]
    [InlineData("nbf", -5d)]
    public async Task Validate_ImpossibleDate_Refuses(string claim, double value)
    {
        var claims = _forge.Claims();
        claims[claim] = value;

        Assert.Null((await ValidateAsync(_forge.Sign(claims: claims))).Token);
    }

    [Theory]
    [InlineData("JWT")]
    [InlineData("id+jwt")]
    [InlineData(null)]
    public async Task Validate_OtherType_RefusesAsNoAccessToken(string? type)
    {
        var header = _forge.Header();
        header.Remove("typ");
        if (type is not null)
        {
            header["typ"] = type;
        }

        await RefusedAsync(_forge.Sign(header), "not an access token");
    }

    [Theory]
    [InlineData("none")]
    [InlineData("None")]
    [InlineData("RS512")]
    [InlineData("ES256")]
    [InlineData("HS256")]
    public async Task Validate_AlgorithmNotTheKeys_Refuses(string algorithm)
    {
        var header = _forge.Header();
        header["alg"] = algorithm;

        await RefusedAsync(_forge.Sign(header), "signature");
        await RefusedAsync(_forge.SignWithPublicKeyAsSecret(header), "signature");
    }

    [Fact]
    public async Task Validate_NoneWithoutSignature_RefusesAsMalformed()
    {
        var header = _forge.Header();
        header["alg"] = "none";
        var token = _forge.Sign(header);

        await RefusedAsync(token[..(token.LastIndexOf('.') + 1)], "malformed");
    }

    [Fact]
    public async Task Validate_UnknownKey_Refuses()
    {
        var header = _forge.Header();
        header["kid"] = "key-2";

        await RefusedAsync(_forge.Sign(header), "signature");
    }

    [Fact]
    public async Task Validate_AnyCharacterChanged_Refuses()
    {
        var token = _forge.Sign();
        for (var at = 0; at < token.Length; at += 7)
        {
            var other = token[at] == 'A' ? 'B' : 'A';
            Assert.Null((await ValidateAsync($"{token[..at]}{other}{token[(at + 1)..]}")).Token);
        }
    }

    [Fact]
    public async Task Validate_KeysNeverRead_ThrowsInsteadOfRefusing()
    {
        _forge.KeysAvailable = false;

        await Assert.ThrowsAsync<KeysUnavailableException>(() => ValidateAsync(_forge.Sign()).AsTask());
    }

    private ValueTask<AccessTokenResult> ValidateAsync(string token) =>
        _forge.Validator().ValidateAsync(token, TestContext.Current.CancellationToken);

    private async Task RefusedAsync(string token, string reason)
    {
        var result = await ValidateAsync(token);
        Assert.Null(result.Token);
        Assert.Contains(reason, result.Refusal, StringComparison.Ordinal);
    }
}
