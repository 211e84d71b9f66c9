using Microsoft.Extensions.Primitives;
using ServiceDefaults.Idempotency;

namespace ServiceDefaults.Tests.Idempotency;

public sealed class ParsingIdempotencyKeysTests
{
    [Theory]
    [InlineData("\"8e03978e-40d5-43dd-bc93-6894a57f9324\"", "8e03978e-40d5-43dd-bc93-6894a57f9324")]
    [InlineData("8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324")]
    [InlineData("KG5LxwFBepaKHyUD==", "KG5LxwFBepaKHyUD==")]
    [InlineData("order:42/1", "order:42/1")]
    [InlineData("\"a,b;c\"", "a,b;c")]
    [InlineData("\"a\\\"b\\\\c\"", "a\"b\\c")]
    [InlineData("\"~\"", "~")]
    public void Parse_Key_IsTheSameWithAndWithoutQuotes(string header, string expected)
    {
        Assert.True(IdempotencyKey.TryParse(header, out var key));
        Assert.Equal(expected, key);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\"\"")]
    [InlineData("\"")]
    [InlineData("\"unclosed")]
    [InlineData("unopened\"")]
    [InlineData("\"two\" \"strings\"")]
    [InlineData("\"one\", \"two\"")]
    [InlineData("\"parameters\";a=1")]
    [InlineData("\"other\\escape\"")]
    [InlineData("\"escaped end\\\"")]
    [InlineData("one,two")]
    [InlineData("one;a=1")]
    [InlineData("back\\slash")]
    [InlineData("a b")]
    [InlineData("\"a b\"")]
    [InlineData("\"tab\t\"")]
    [InlineData("del\u007f")]
    [InlineData("\"no ascii é\"")]
    public void Parse_AnythingElse_IsRefused(string header)
    {
        Assert.False(IdempotencyKey.TryParse(header, out var key));
        Assert.Null(key);
    }

    [Theory]
    [InlineData(255, true)]
    [InlineData(256, false)]
    public void Parse_LongKey_HasALimit(int length, bool good)
    {
        Assert.Equal(good, IdempotencyKey.TryParse(new string('k', length), out _));
        Assert.Equal(good, IdempotencyKey.TryParse($"\"{new string('k', length)}\"", out _));
    }

    [Fact]
    public void Parse_NoneOrTwoHeaders_IsRefused()
    {
        Assert.False(IdempotencyKey.TryParse(StringValues.Empty, out _));
        Assert.False(IdempotencyKey.TryParse(new StringValues(["one", "one"]), out _));
    }
}
