using IdentityService.Names;

namespace IdentityService.Tests.Names;

public sealed class UserNamesTests
{
    [Theory]
    [InlineData("ada", "ada")]
    [InlineData("Ada.Lovelace-1", "Ada.Lovelace-1")]
    [InlineData("Jos\u0065\u0301", "Jos\u00e9")] // composed
    [InlineData("\uff41\uff44\uff41", "ada")] // full width
    [InlineData("Stra\u00dfe", "Stra\u00dfe")]
    [InlineData("\u0418\u0432\u0430\u043d", "\u0418\u0432\u0430\u043d")]
    [InlineData("\u0393\u03b9\u03ce\u03c1\u03b3\u03bf\u03c2", "\u0393\u03b9\u03ce\u03c1\u03b3\u03bf\u03c2")]
    [InlineData("\u05e9\u05dc\u05d5\u05dd", "\u05e9\u05dc\u05d5\u05dd")]
    [InlineData("\u0639\u0644\u064a3", "\u0639\u0644\u064a3")]
    [InlineData("\u5c71\u7530\u592a\u90ce", "\u5c71\u7530\u592a\u90ce")]
    [InlineData("\u5c71\u7530\u3055\u3093taro", "\u5c71\u7530\u3055\u3093taro")] // Japanese goes with Latin
    [InlineData("\uae40\ucca0\uc218", "\uae40\ucca0\uc218")]
    [InlineData("\u0905\u092e\u093f\u0924\u093e", "\u0905\u092e\u093f\u0924\u093e")]
    public void Read_NameOfOneScript_IsKeptInNfkc(string typed, string kept) => Assert.Equal(kept, UserNames.Read(typed));

    [Theory]
    [InlineData("ab")]
    [InlineData(".ada")]
    [InlineData("ada_")]
    [InlineData("ada lovelace")]
    [InlineData("ada@home")]
    [InlineData("deleted:ada")]
    [InlineData("\u0430da")] // Cyrillic a, Latin da
    [InlineData("\u03b1da")] // Greek alpha
    [InlineData("\u0418\u0432\u0430\u043d\u03b1")] // Cyrillic and Greek
    [InlineData("\uae40\u3055\u3093")] // Hangul and Hiragana
    [InlineData("ad\u200ba")] // zero width space
    [InlineData("ad\u200da")] // zero width joiner
    [InlineData("ad\u00ada")] // soft hyphen
    [InlineData("\u202eada")] // right-to-left override
    [InlineData("ada\u2066x")] // isolate
    [InlineData("ada\ufe0f")] // variation selector
    [InlineData("ada\U000e0041")] // tag
    [InlineData("ad\u0000a")]
    [InlineData("\u0301ada")] // begins with a mark
    [InlineData("ada\u0323\u0323")] // the same mark twice
    [InlineData("a\u0316\u0317\u0318\u0319da")] // marks without end
    [InlineData("ada.\u0301")] // a mark on a dot
    [InlineData("ada\U0001f600")]
    [InlineData("\U0001d41a\U0001d41b\u2460x y")]
    [InlineData("\u16a0\u16a2\u16a6")] // runes: not recommended for identifiers
    public void Read_TextThatIsNoName_IsRefused(string typed) => Assert.Null(UserNames.Read(typed));

    [Fact]
    public void Read_HalfASurrogatePair_IsRefused() => Assert.Null(UserNames.Read("ada\ud800"));

    [Fact]
    public void Read_Lengths_AreCountedInCharactersOfTheNormalForm()
    {
        Assert.NotNull(UserNames.Read(new string('a', 64)));
        Assert.Null(UserNames.Read(new string('a', 65)));
        Assert.NotNull(UserNames.Read(string.Concat(Enumerable.Repeat("e\u0301", 64))));
        Assert.Null(UserNames.Read(new string('\ufdfa', 64))); // 18 characters each
        Assert.Null(UserNames.Read(new string('a', 100_000)));
    }

    [Theory]
    [InlineData("Ada", "ADA")]
    [InlineData("Stra\u00dfe", "STRASSE")]
    [InlineData("\u0418\u0412\u0410\u041d", "\u0438\u0432\u0430\u043d")]
    [InlineData("\u03a3\u03a3\u03a3", "\u03c3\u03c3\u03c2")]
    [InlineData("\uff21\uff24\uff21", "ada")]
    [InlineData("Jose\u0301", "JOS\u00c9")]
    public void Normalize_SpellingsOfOneName_AreEqual(string one, string other) =>
        Assert.Equal(UserNames.Normalize(one), UserNames.Normalize(other));

    [Theory]
    [InlineData("paypal", "paypa1")]
    [InlineData("PAYPAL", "paypal")]
    [InlineData("modern", "rnodern")]
    [InlineData("google", "g00gle")]
    [InlineData("scope", "\u0455\u0441\u043e\u0440\u0435")] // every letter Cyrillic
    [InlineData("Anna", "ANNA")]
    [InlineData("Jose\u0301", "jos\u00e9")]
    public void NameKeyOf_NamesThatLookAlike_AreEqual(string one, string other) =>
        Assert.Equal(UserNames.NameKeyOf(one), UserNames.NameKeyOf(other));

    [Theory]
    [InlineData("Paypal", "PaypaI")] // a capital i
    [InlineData("ANNA", "\u0391\u039d\u039d\u0391")] // every letter Greek
    [InlineData("Bob", "\u0412\u043e\u042c")] // Cyrillic ve, o, soft sign
    public void LookKeyOf_NamesThatLookAlikeInTheirCase_AreEqual(string one, string other) =>
        Assert.Equal(UserNames.LookKeyOf(one), UserNames.LookKeyOf(other));

    [Theory]
    [InlineData("paypal", "paypals")]
    [InlineData("anna", "hanna")]
    [InlineData("\u0438\u0432\u0430\u043d", "ivan")]
    public void KeysOf_OtherNames_Differ(string one, string other)
    {
        Assert.NotEqual(UserNames.NameKeyOf(one), UserNames.NameKeyOf(other));
        Assert.NotEqual(UserNames.LookKeyOf(one), UserNames.LookKeyOf(other));
    }

    // A migration computes it for the names of former versions, in SQL.
    [Fact]
    public void SkeletonOf_Ascii_DiffersFromTheTextInFourLettersOnly()
    {
        const string all = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
        Assert.Equal(
            all.Replace('I', 'l').ToLowerInvariant().Replace('0', 'o').Replace('1', 'l').Replace("m", "rn", StringComparison.Ordinal),
            UserNames.SkeletonOf(all));
    }
}
