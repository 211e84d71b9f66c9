using IdentityService.Accounts;

namespace IdentityService.Tests;

public sealed class PasswordPolicyTests
{
    [Theory]
    [InlineData("password1234")]
    [InlineData("P@ssw0rd2024!")]
    [InlineData("123456789012")]
    [InlineData("qwertyuiop123")]
    [InlineData("Administrator1!")]
    [InlineData("letmeinletmein")]
    [InlineData("aaaaaaaaaaaaaa")]
    [InlineData("abababababab")]
    [InlineData("!!!!Sunshine!!!!")]
    [InlineData("correct horse battery staple")]
    public void FaultOf_CommonPassword_IsOne(string password) => Assert.NotNull(PasswordPolicy.FaultOf(password, null, null));

    [Theory]
    [InlineData("seven quiet herons at dawn")]
    [InlineData("x7Kp9$mQ2#vL")]
    [InlineData("Grüße aus Übersee 12")]
    [InlineData("839201748392")]
    public void FaultOf_GoodPassword_IsNone(string password) => Assert.Null(PasswordPolicy.FaultOf(password, "someone", "s@platform.test"));

    [Fact]
    public void FaultOf_SeveralFaults_NamesEach()
    {
        var fault = PasswordPolicy.FaultOf("admin1", "admin", null);

        Assert.Contains("12 to 256", fault, StringComparison.Ordinal);
        Assert.Contains("user name", fault, StringComparison.Ordinal);
        Assert.Contains("tried first", fault, StringComparison.Ordinal);
    }
}
