using System.Text;
using System.Text.Json;

namespace ServiceDefaults.Authentication;

/// <summary>
/// Reads the payload of an access token. That is most of what a new token costs beside its signature, so it takes one pass
/// where the payload is as plain as the identity service writes it, and a slower one for all else.
/// </summary>
internal static class AccessTokenPayload
{
    private const int TenantLength = 36;

    // RFC 8725 section 2.4 and 3.1: members that appear twice are read differently by different parsers.
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 8 };
    private static readonly JsonReaderOptions Plain = new() { MaxDepth = 2 };

    /// <summary>The claims; null when it is no object, or names a member twice at whatever depth.</summary>
    public static AccessTokenClaims? Read(ReadOnlySpan<byte> payload)
    {
        try
        {
            AccessTokenClaims claims = new();
            return TryReadPlain(payload, claims) ? claims : ReadStrictly(payload);
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            return null; // InvalidOperationException: text that is no Unicode
        }
    }

    /// <summary>False for what it does not read: escapes in names, objects and arrays within, members named twice.</summary>
    private static bool TryReadPlain(ReadOnlySpan<byte> payload, AccessTokenClaims claims)
    {
        Utf8JsonReader reader = new(payload, Plain);
        OtherNames others = new(payload, stackalloc (int, int)[OtherNames.Most]);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            return false;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueIsEscaped)
            {
                return false;
            }

            var member = TokenClaims.Of(reader.ValueSpan);
            if (member == TokenClaim.Other ? !others.TryAdd((int)reader.TokenStartIndex + 1, reader.ValueSpan) : claims.Has(member))
            {
                return false;
            }

            claims.Note(member);
            reader.Read();
            if (!TryTake(member, ref reader, claims))
            {
                return false;
            }
        }

        return !reader.Read();
    }

    private static bool TryTake(TokenClaim member, ref Utf8JsonReader reader, AccessTokenClaims claims)
    {
        switch (reader.TokenType)
        {
            // Without a text for it.
            case JsonTokenType.String when member == TokenClaim.Tenant && reader.ValueSpan.Length == TenantLength && reader.TryGetGuid(out var tenant):
                claims.Tenant = tenant;
                return true;
            case JsonTokenType.String:
                if (member != TokenClaim.Other)
                {
                    claims.Set(member, reader.GetString()!);
                }

                return true;
            case JsonTokenType.Number:
                if (reader.TryGetInt64(out var number))
                {
                    claims.Set(member, number);
                }

                return true;
            case JsonTokenType.StartArray when member is TokenClaim.Audience or TokenClaim.Roles:
                return TryTakeTexts(member, ref reader, claims);
            case JsonTokenType.True or JsonTokenType.False or JsonTokenType.Null:
                return true;
            default:
                return false;
        }
    }

    private static bool TryTakeTexts(TokenClaim member, ref Utf8JsonReader reader, AccessTokenClaims claims)
    {
        List<string> texts = [];
        while (reader.Read() && reader.TokenType == JsonTokenType.String)
        {
            texts.Add(reader.GetString()!);
        }

        claims.Set(member, [.. texts]);
        return reader.TokenType == JsonTokenType.EndArray;
    }

    private static AccessTokenClaims? ReadStrictly(ReadOnlySpan<byte> payload)
    {
        var element = JsonElement.Parse(payload, Strict);
        if (element.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        AccessTokenClaims claims = new();
        foreach (var property in element.EnumerateObject())
        {
            var member = TokenClaims.Of(Encoding.UTF8.GetBytes(property.Name));
            claims.Note(member);
            if (member is TokenClaim.Audience or TokenClaim.Roles && property.Value.ValueKind == JsonValueKind.Array)
            {
                claims.Set(member, [.. property.Value.EnumerateArray().Where(static item => item.ValueKind == JsonValueKind.String).Select(static item => item.GetString()!)]);
            }
            else if (property.Value.ValueKind == JsonValueKind.String)
            {
                claims.Set(member, property.Value.GetString()!);
            }
            else if (property.Value.ValueKind == JsonValueKind.Number && property.Value.TryGetInt64(out var number))
            {
                claims.Set(member, number);
            }
        }

        return claims;
    }
}
