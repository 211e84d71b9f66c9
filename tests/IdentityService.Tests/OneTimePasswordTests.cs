using System.Security.Cryptography;
using System.Text;
using IdentityService.SecondFactor;
using IdentityService.Tests.Support;

namespace IdentityService.Tests;

public sealed class OneTimePasswordTests
{
    private static readonly byte[] Secret = "12345678901234567890"u8.ToArray();

    [Fact]
    public void CodeOf_CountersOfRfc4226AppendixD_AreTheOnesThere() => Assert.Equal(
        ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"],
        Enumerable.Range(0, 10).Select(counter => OneTimePassword.CodeOf(Secret, counter)));

    [Theory]
    [InlineData(59, "94287082")]
    [InlineData(1111111109, "07081804")]
    [InlineData(1111111111, "14050471")]
    [InlineData(1234567890, "89005924")]
    [InlineData(2000000000, "69279037")]
    [InlineData(20000000000, "65353130")]
    public void CodeOf_TimesOfRfc6238AppendixB_AreTheOnesThere(long time, string code) =>
        Assert.Equal(code, OneTimePassword.CodeOf(Secret, OneTimePassword.StepAt(DateTimeOffset.FromUnixTimeSeconds(time)), digits: 8));

    [Theory]
    [InlineData(-2, false)]
    [InlineData(-1, true)]
    [InlineData(0, true)]
    [InlineData(1, true)]
    [InlineData(2, false)]
    public void Match_CodeOfAStepNearby_IsGoodForOneStepToEitherSide(int steps, bool good)
    {
        var now = DateTimeOffset.FromUnixTimeSeconds(1_800_000_015);
        var step = OneTimePassword.StepAt(now) + steps;

        Assert.Equal(good ? step : null, OneTimePassword.Match(Secret, OneTimePassword.CodeOf(Secret, step), now));
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("f", "MY")]
    [InlineData("fo", "MZXQ")]
    [InlineData("foo", "MZXW6")]
    [InlineData("foob", "MZXW6YQ")]
    [InlineData("fooba", "MZXW6YTB")]
    [InlineData("foobar", "MZXW6YTBOI")]
    public void Encode_TextsOfRfc4648Section10_AreTheOnesThere(string text, string encoded) =>
        Assert.Equal(encoded, Base32.Encode(Encoding.ASCII.GetBytes(text)));

    [Fact]
    public async Task CodeOf_RandomSecrets_AreWhatOathtoolSays()
    {
        await Tool.InstallAsync("oathtool", "oathtool");
        for (var round = 0; round < 5; round++)
        {
            var secret = RandomNumberGenerator.GetBytes(OneTimePassword.SecretBytes);
            var at = DateTimeOffset.FromUnixTimeSeconds(RandomNumberGenerator.GetInt32(int.MaxValue));

            var said = await Tool.RunAsync(
                "oathtool", "--totp", "--base32", Base32.Encode(secret), "--now", at.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", System.Globalization.CultureInfo.InvariantCulture));

            Assert.Equal(said.Trim(), OneTimePassword.CodeOf(secret, OneTimePassword.StepAt(at)));
        }
    }
}
