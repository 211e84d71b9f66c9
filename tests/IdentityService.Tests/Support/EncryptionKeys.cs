using IdentityService.Keys;
using Microsoft.Extensions.Options;

namespace IdentityService.Tests.Support;

/// <summary>A key of encryption that is changed, and the one it is changed to.</summary>
internal static class EncryptionKeys
{
    public const string Old = "p3Zq8LrWv6TnXc2JbY9mKd4HsFg7QeUa1RtVwSxC5Bk=";
    public const string New = "Wd9vT0yKqS3uZr6BnGx1LfMh8JpEa5CiOo7RtVwQ2Xs=";

    public static KeyEncryption Encryption(string key, params string[] former) =>
        new(Options.Create(new KeyOptions { EncryptionKey = key, FormerEncryptionKeys = former }));
}
