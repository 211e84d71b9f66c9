using System.Buffers.Text;
using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace ServiceDefaults.Messaging;

/// <summary>Section <c>Sealing</c>.</summary>
public sealed class SealingOptions
{
    /// <summary>Required, the same for every service that seals or opens: 32 characters and more, best random ones.</summary>
    [Required(ErrorMessage = "is missing; set 32 random characters or more"),
        MinLength(32, ErrorMessage = "is too short; set 32 random characters or more")]
    public string Key { get; init; } = "";
}

/// <summary>
/// Encrypts what of an event is a secret, so that outbox, broker, queues and dead letters hold nothing that could be used:
/// AES-256-GCM with a key derived by HKDF-SHA256 from <see cref="SealingOptions.Key"/>, bound to whom it is about.
/// </summary>
public sealed class EventSeal(IOptions<SealingOptions> options)
{
    private const byte Version = 1;
    private const int NonceSize = 12;
    private const int TagSize = 16;
    private const int Overhead = 1 + NonceSize + TagSize;

    // Derived at first use: what is wrong with the options is told at start, with all other faults.
    private readonly Lazy<byte[]> _key = new(() => HKDF.DeriveKey(
        HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(options.Value.Key), 32, info: "platform sealed event fields"u8.ToArray()));

    /// <summary>Seals a text for the event about that subject.</summary>
    public string Seal(string text, Guid subject)
    {
        var plain = Encoding.UTF8.GetBytes(text);
        var sealedText = new byte[Overhead + plain.Length];
        sealedText[0] = Version;
        var nonce = sealedText.AsSpan(1, NonceSize);
        RandomNumberGenerator.Fill(nonce);
        using var cipher = new AesGcm(_key.Value, TagSize);
        cipher.Encrypt(nonce, plain, sealedText.AsSpan(Overhead), sealedText.AsSpan(1 + NonceSize, TagSize), subject.ToByteArray());
        return Base64Url.EncodeToString(sealedText);
    }

    /// <summary>Opens what <see cref="Seal"/> gave.</summary>
    /// <exception cref="CryptographicException">It was sealed with another key or for another subject, or was changed.</exception>
    public string Open(string text, Guid subject)
    {
        var sealedText = Decode(text);
        if (sealedText.Length < Overhead || sealedText[0] != Version)
        {
            throw new CryptographicException("The sealed text has an unknown form.");
        }

        var plain = new byte[sealedText.Length - Overhead];
        using var cipher = new AesGcm(_key.Value, TagSize);
        cipher.Decrypt(
            sealedText.AsSpan(1, NonceSize), sealedText.AsSpan(Overhead), sealedText.AsSpan(1 + NonceSize, TagSize), plain, subject.ToByteArray());
        return Encoding.UTF8.GetString(plain);
    }

    private static byte[] Decode(string text)
    {
        try
        {
            return Base64Url.DecodeFromChars(text);
        }
        catch (FormatException fault)
        {
            throw new CryptographicException("The sealed text has an unknown form.", fault);
        }
    }
}

/// <summary>Sealing for the services that need it.</summary>
public static class EventSealing
{
    /// <summary>Adds <see cref="EventSeal"/>; without a good <c>Sealing:Key</c> the service does not start.</summary>
    public static void AddEventSealing(this IServiceCollection services)
    {
        services.AddValidatedOptions<SealingOptions>("Sealing");
        services.AddSingleton<EventSeal>();
    }
}
