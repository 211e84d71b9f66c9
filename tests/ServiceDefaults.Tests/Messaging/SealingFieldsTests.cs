using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using ServiceDefaults.Messaging;

namespace ServiceDefaults.Tests.Messaging;

public sealed class SealingFieldsTests
{
    private const string Secret = "https://platform.test/account/reset-password?token=käse";

    private static readonly Guid Subject = Guid.CreateVersion7();

    private readonly EventSeal _seal = With("forty-seven quiet herons of the sealed events");

    [Fact]
    public void Open_WhatWasSealed_IsTheText()
    {
        Assert.Equal(Secret, _seal.Open(_seal.Seal(Secret, Subject), Subject));
        Assert.Equal("", _seal.Open(_seal.Seal("", Subject), Subject));
    }

    [Fact]
    public void Seal_SameTextTwice_LooksDifferent() => Assert.NotEqual(_seal.Seal(Secret, Subject), _seal.Seal(Secret, Subject));

    [Fact]
    public void Open_ForAnotherSubjectOrWithAnotherKey_Throws()
    {
        var text = _seal.Seal(Secret, Subject);

        Assert.ThrowsAny<CryptographicException>(() => _seal.Open(text, Guid.CreateVersion7()));
        Assert.ThrowsAny<CryptographicException>(() => With("forty-eight quiet herons of the sealed events").Open(text, Subject));
    }

    [Fact]
    public void Open_AnyCharacterChanged_Throws()
    {
        var text = _seal.Seal(Secret, Subject);
        for (var at = 0; at < text.Length; at++)
        {
            var changed = $"{text[..at]}{(text[at] == 'A' ? 'B' : 'A')}{text[(at + 1)..]}";

            // The last character may hold bits that no byte takes.
            Assert.True(at == text.Length - 1 || IsRefused(changed), changed);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("AQ")]
    [InlineData("not base64 at all!")]
    public void Open_TextThatIsNone_Throws(string text) => Assert.True(IsRefused(text));

    private bool IsRefused(string text) => Record.Exception(() => _seal.Open(text, Subject)) is CryptographicException;

    private static EventSeal With(string key) => new(Options.Create(new SealingOptions { Key = key }));
}
