using System.Text.Json;

namespace ServiceDefaults.Authentication;

/// <summary>
/// The claims of an access token as they stand in its payload; null where one is missing or of another type. Reading them
/// is most of what a new token costs beside its signature, so it takes one pass where the payload is as plain as the
/// identity service writes it, and a slower one for all else.
/// </summary>
internal sealed class AccessTokenClaims
{
    // Members that are not ours, beyond which the slower reading looks for doubles.
    private const int MostOthers = 16;
    private const int TenantLength = 36;

    // RFC 8725 section 2.4 and 3.1: members that appear twice are read differently by different parsers.
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 8 };
    private static readonly JsonReaderOptions Plain = new() { MaxDepth = 2 };

    private Member _seen;

    [Flags]
    private enum Member
    {
        Other = 0,
        Issuer = 1,
        Subject = 2,
        TokenId = 4,
        Client = 8,
        Tenant = 16,
        Session = 32,
        Name = 64,
        Scope = 128,
        Audience = 256,
        Roles = 512,
        Epoch = 1024,
        ExpiresAt = 2048,
        IssuedAt = 4096,
        NotBefore = 8192,
        ApiKey = 16384,
        ApiKeyLimit = 32768,
    }

    public string? Issuer { get; private set; }

    public string? Subject { get; private set; }

    public string? TokenId { get; private set; }

    public string? Client { get; private set; }

    public Guid? Tenant { get; private set; }

    public string? Session { get; private set; }

    public string? Name { get; private set; }

    public string? Scope { get; private set; }

    public string[] Audiences { get; private set; } = [];

    public string[] Roles { get; private set; } = [];

    public long? Epoch { get; private set; }

    public long? ExpiresAt { get; private set; }

    public long? IssuedAt { get; private set; }

    public long? NotBefore { get; private set; }

    public string? ApiKey { get; private set; }

    public long? ApiKeyLimit { get; private set; }

    public bool HasNotBefore => (_seen & Member.NotBefore) != Member.Other;

    /// <summary>Reads a payload; null when it is no object, or names a member twice at whatever depth.</summary>
    public static AccessTokenClaims? Read(ReadOnlySpan<byte> payload)
    {
        try
        {
            AccessTokenClaims claims = new();
            return claims.TryReadPlain(payload) ? claims : ReadStrictly(payload);
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            return null; // InvalidOperationException: text that is no Unicode
        }
    }

    /// <summary>False for what it does not read: escapes in names, objects and arrays within, members named twice.</summary>
    private bool TryReadPlain(ReadOnlySpan<byte> payload)
    {
        Utf8JsonReader reader = new(payload, Plain);
        Span<(int Start, int Length)> others = stackalloc (int, int)[MostOthers];
        var count = 0;
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

            var member = MemberOf(reader.ValueSpan);
            if (member == Member.Other)
            {
                foreach (var (start, length) in others[..count])
                {
                    if (payload.Slice(start, length).SequenceEqual(reader.ValueSpan))
                    {
                        return false;
                    }
                }

                if (count == MostOthers)
                {
                    return false;
                }

                others[count++] = ((int)reader.TokenStartIndex + 1, reader.ValueSpan.Length);
            }
            else if ((_seen & member) != Member.Other)
            {
                return false;
            }

            _seen |= member;
            reader.Read();
            if (!TryTake(member, ref reader))
            {
                return false;
            }
        }

        return !reader.Read();
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
            var member = MemberOf(System.Text.Encoding.UTF8.GetBytes(property.Name));
            claims._seen |= member;
            if (member is Member.Audience or Member.Roles && property.Value.ValueKind == JsonValueKind.Array)
            {
                claims.SetTexts(member, [.. property.Value.EnumerateArray().Where(static item => item.ValueKind == JsonValueKind.String).Select(static item => item.GetString()!)]);
            }
            else if (property.Value.ValueKind == JsonValueKind.String)
            {
                claims.SetText(member, property.Value.GetString()!);
            }
            else if (property.Value.ValueKind == JsonValueKind.Number && property.Value.TryGetInt64(out var number))
            {
                claims.SetNumber(member, number);
            }
        }

        return claims;
    }

    private static Member MemberOf(ReadOnlySpan<byte> name) => name.Length switch
    {
        3 => name.SequenceEqual("iss"u8) ? Member.Issuer
            : name.SequenceEqual("sub"u8) ? Member.Subject
            : name.SequenceEqual("jti"u8) ? Member.TokenId
            : name.SequenceEqual("tid"u8) ? Member.Tenant
            : name.SequenceEqual("sid"u8) ? Member.Session
            : name.SequenceEqual("aud"u8) ? Member.Audience
            : name.SequenceEqual("exp"u8) ? Member.ExpiresAt
            : name.SequenceEqual("iat"u8) ? Member.IssuedAt
            : name.SequenceEqual("nbf"u8) ? Member.NotBefore
            : Member.Other,
        4 => name.SequenceEqual("name"u8) ? Member.Name : Member.Other,
        5 => name.SequenceEqual("scope"u8) ? Member.Scope
            : name.SequenceEqual("roles"u8) ? Member.Roles
            : name.SequenceEqual("epoch"u8) ? Member.Epoch
            : Member.Other,
        6 => name.SequenceEqual("key_id"u8) ? Member.ApiKey : Member.Other,
        9 => name.SequenceEqual("client_id"u8) ? Member.Client
            : name.SequenceEqual("key_limit"u8) ? Member.ApiKeyLimit
            : Member.Other,
        _ => Member.Other,
    };

    private bool TryTake(Member member, ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.String when member == Member.Tenant:
                Tenant = reader.ValueSpan.Length == TenantLength && reader.TryGetGuid(out var tenant) ? tenant : ParseTenant(reader.GetString());
                return true;
            case JsonTokenType.String:
                if (member != Member.Other)
                {
                    SetText(member, reader.GetString()!);
                }

                return true;
            case JsonTokenType.Number:
                if (reader.TryGetInt64(out var number))
                {
                    SetNumber(member, number);
                }

                return true;
            case JsonTokenType.StartArray when member is Member.Audience or Member.Roles:
                return TryTakeTexts(member, ref reader);
            case JsonTokenType.True or JsonTokenType.False or JsonTokenType.Null:
                return true;
            default:
                return false;
        }
    }

    private bool TryTakeTexts(Member member, ref Utf8JsonReader reader)
    {
        List<string> texts = [];
        while (reader.Read() && reader.TokenType == JsonTokenType.String)
        {
            texts.Add(reader.GetString()!);
        }

        SetTexts(member, [.. texts]);
        return reader.TokenType == JsonTokenType.EndArray;
    }

    private void SetTexts(Member member, string[] texts)
    {
        if (member == Member.Audience)
        {
            Audiences = texts;
        }
        else
        {
            Roles = texts;
        }
    }

    private void SetText(Member member, string text)
    {
        switch (member)
        {
            case Member.Issuer:
                Issuer = text;
                break;
            case Member.Subject:
                Subject = text;
                break;
            case Member.TokenId:
                TokenId = text;
                break;
            case Member.Client:
                Client = text;
                break;
            case Member.Tenant:
                Tenant = ParseTenant(text);
                break;
            case Member.Session:
                Session = text;
                break;
            case Member.Name:
                Name = text;
                break;
            case Member.Scope:
                Scope = text;
                break;
            case Member.ApiKey:
                ApiKey = text;
                break;
            case Member.Audience:
                Audiences = [text]; // one string or an array of them (RFC 7519 section 4.1.3)
                break;
        }
    }

    private void SetNumber(Member member, long number)
    {
        switch (member)
        {
            case Member.Epoch:
                Epoch = number;
                break;
            case Member.ExpiresAt:
                ExpiresAt = number;
                break;
            case Member.IssuedAt:
                IssuedAt = number;
                break;
            case Member.NotBefore:
                NotBefore = number;
                break;
            case Member.ApiKeyLimit:
                ApiKeyLimit = number;
                break;
        }
    }

    private static Guid? ParseTenant(string? text) => Guid.TryParse(text, out var tenant) ? tenant : null;
}
