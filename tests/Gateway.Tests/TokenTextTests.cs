using System.Buffers.Text;
using System.Net;
using System.Text;
using Gateway.Tests.Support;

namespace Gateway.Tests;

/// <summary>Tokens whose JSON is JSON, but no text.</summary>
[Collection(SharedGatewayTests.Name)]
public sealed class TokenTextTests(SharedGateway shared)
{
    [Theory]
    [InlineData("{\"alg\":\"RS256\",\"kid\":\"\\ud800\"}")]
    [InlineData("{\"alg\":\"\\udc00\",\"kid\":\"first\"}")]
    [InlineData("{\"alg\":\"RS256\",\"kid\":\"first\",\"\\ud800\":1,\"\\ud801\":1}")]
    [InlineData("{\"alg\":\"RS256\",\"kid\":\"fi\xff\"}")]
    [InlineData("{\"alg\":\"RS256\",\"kid\":\"first\",\"\xc0\xaf\":1}")]
    public async Task Header_ThatIsNoText_IsAnInvalidToken(string header)
    {
        var part = Base64Url.EncodeToString(Encoding.Latin1.GetBytes(header));

        var answer = await shared.Gateway.GetAsync("/api/v1/auth/me", $"{part}.{Base64Url.EncodeToString("{}"u8)}.AAAA");

        await answer.MustBeProblemAsync(HttpStatusCode.Unauthorized, "invalid_token");
    }
}
