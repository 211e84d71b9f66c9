using Gateway.Tests.Support;

namespace Gateway.Tests;

/// <summary>Tokens that were verified before: what is asked of them again, and what may not pass for one.</summary>
public sealed class KnownTokenTests : IDisposable
{
    private const string NoSignature = "The access token's signature is not valid.";

    private readonly JudgeHarness _judge = new();

    [Fact]
    public async Task Judge_KnownToken_IsNotVerifiedAgain()
    {
        var token = _judge.Issuer.User();

        Assert.Null(await _judge.RefusalAsync(token));
        Assert.Null(await _judge.RefusalAsync(token));
        Assert.Equal(1, _judge.Verified);
    }

    [Theory]
    [InlineData("first character", NoSignature)]
    [InlineData("middle character", NoSignature)]
    [InlineData("last octets", NoSignature)]
    [InlineData("shorter", NoSignature)]
    [InlineData("longer", NoSignature)]
    [InlineData("of another token", NoSignature)]
    [InlineData("none", "The access token is malformed.")]
    [InlineData("stray bits", "The access token is malformed.")]
    [InlineData("padded", "The access token is malformed.")]
    public async Task Judge_KnownTokensClaimsWithAnotherSignature_IsRefused(string change, string refusal)
    {
        var token = _judge.Issuer.User();
        Assert.Null(await _judge.RefusalAsync(token));

        var at = token.LastIndexOf('.') + 1;
        Assert.Equal(refusal, await _judge.RefusalAsync(token[..at] + Changed(token[at..], change)));
        Assert.Null(await _judge.RefusalAsync(token));
    }

    [Fact]
    public async Task Judge_KnownTokenOnceTheAudienceIsAnother_IsRefused()
    {
        var token = _judge.Issuer.User();
        Assert.Null(await _judge.RefusalAsync(token));

        Assert.Equal("The access token is for another audience.", await _judge.RefusalAsync(token, audience: "elsewhere"));
        Assert.Equal(1, _judge.Verified);
    }

    [Fact]
    public async Task Judge_KnownTokenOnceItHasEnded_IsRefused()
    {
        var token = _judge.Issuer.User();
        Assert.Null(await _judge.RefusalAsync(token));

        Assert.Equal("The access token has expired.", await _judge.RefusalAsync(token, time: new LaterTime(TimeSpan.FromMinutes(16))));
        Assert.Equal(1, _judge.Verified);
    }

    public void Dispose() => _judge.Dispose();

    private string Changed(string signature, string change) => change switch
    {
        "first character" => Other(signature[0]) + signature[1..],
        "middle character" => signature[..101] + Other(signature[101]) + signature[102..],
        "last octets" => signature[..^3] + Other(signature[^3]) + signature[^2..],
        "shorter" => signature[..^2],
        "longer" => signature + "AA",
        "of another token" => _judge.Issuer.User().Split('.')[2],
        "stray bits" => signature[..^1] + (char)(signature[^1] + 1), // 342 characters: the low 4 bits of the last carry nothing
        "padded" => signature + "==",
        _ => "",
    };

    private static string Other(char one) => one == 'A' ? "B" : "A";

    private sealed class LaterTime(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + by;
    }
}
