using ServiceDefaults.Hosting;

namespace ServiceDefaults.Tests.Hosting;

public sealed class StrongSecretTests
{
    [Theory]
    [InlineData(null, "missing")]
    [InlineData("   ", "missing")]
    [InlineData("c2hvcnQ=", "too short")]
    [InlineData("31-characters-of-quite-some-use", "too short")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "guessable")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "guessable")]
    [InlineData("changeme-0123-quartz-lantern-fjord-XYZW", "guessable")]
    [InlineData("my-Secret-0123-quartz-lantern-fjord-XYZW", "guessable")]
    [InlineData("abcdefghijklmnopqrstuvwxyz0123456789", "guessable")]
    [InlineData("zyxwvutsrqponmlkjihgfedcba9876543210", "guessable")]
    [InlineData("q7Lw2xVb9RtK1mZq7Lw2xVb9RtK1mZq7Lw2x", "guessable")]
    public void FaultOf_WeakSecret_SaysWhyWithoutTellingIt(string? secret, string expected)
    {
        var fault = StrongSecretAttribute.FaultOf(secret);

        Assert.Contains(expected, fault, StringComparison.Ordinal);
        Assert.DoesNotContain(secret is null || secret.Trim().Length == 0 ? "\0" : secret, fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("forty-seven quiet herons of the gateway")]
    [InlineData("p3Zq8LrWv6TnXc2JbY9mKd4HsFg7QeUa1RtVwSxC5Bk=")]
    public void FaultOf_StrongSecret_IsNone(string secret) => Assert.Null(StrongSecretAttribute.FaultOf(secret));

    [Fact]
    public void FaultOf_RandomSecrets_IsNone()
    {
        for (var round = 0; round < 200; round++)
        {
            Assert.Null(StrongSecretAttribute.FaultOf(Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(32))));
        }
    }
}
