using System.Buffers.Text;
using System.Text.Json;

namespace IdentityService.Passkeys;

/// <summary>A credential's id, as octets and as clients write it.</summary>
internal static class CredentialId
{
    // WebAuthn Level 3 section 5.8.3: at most 1023 octets.
    private const int Longest = 1023;

    public static string Write(byte[] id) => Base64Url.EncodeToString(id);

    /// <summary>Reads what a client wrote; null for anything else.</summary>
    public static byte[]? Read(string? text) =>
        text is { Length: > 0 and <= (Longest * 4 / 3) + 3 } && Base64Url.IsValid(text) ? Base64Url.DecodeFromChars(text) : null;

    /// <summary>The one that a credential names; null where it can't be read.</summary>
    public static byte[]? Of(string credential)
    {
        try
        {
            using var parsed = JsonDocument.Parse(credential);
            return parsed.RootElement.ValueKind == JsonValueKind.Object && parsed.RootElement.TryGetProperty("id", out var id) && id.ValueKind == JsonValueKind.String
                ? Read(id.GetString())
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
