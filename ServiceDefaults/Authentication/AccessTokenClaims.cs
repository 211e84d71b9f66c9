using System.Text.Json;

namespace ServiceDefaults.Authentication;

/// <summary>
/// The claims of an access token as they stand in its payload; null where one is missing or of another type. Reading them
/// is most of what a new token costs beside its signature, so it takes one pass where the payload is as plain as the
/// identity service writes it, and a slower one for all else.
/// </summary>
internal sealed class AccessTokenClaims
{
    private const int TenantLength = 36;

    // RFC 8725 section 2.4 and 3.1: members that appear twice are read differently by different parsers.
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 8 };
    private static readonly JsonReaderOptions Plain = new() { MaxDepth = 2 };

    private TokenClaim _seen;

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

    public long? AuthenticatedAt { get; private set; }

    public bool HasNotBefore => (_seen & TokenClaim.NotBefore) != TokenClaim.Other;

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
            if (member == TokenClaim.Other ? !others.TryAdd((int)reader.TokenStartIndex + 1, reader.ValueSpan) : (_seen & member) != TokenClaim.Other)
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
            var member = TokenClaims.Of(System.Text.Encoding.UTF8.GetBytes(property.Name));
            claims._seen |= member;
            if (member is TokenClaim.Audience or TokenClaim.Roles && property.Value.ValueKind == JsonValueKind.Array)
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

    private bool TryTake(TokenClaim member, ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.String when member == TokenClaim.Tenant:
                Tenant = reader.ValueSpan.Length == TenantLength && reader.TryGetGuid(out var tenant) ? tenant : ParseTenant(reader.GetString());
                return true;
            case JsonTokenType.String:
                if (member != TokenClaim.Other)
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
            case JsonTokenType.StartArray when member is TokenClaim.Audience or TokenClaim.Roles:
                return TryTakeTexts(member, ref reader);
            case JsonTokenType.True or JsonTokenType.False or JsonTokenType.Null:
                return true;
            default:
                return false;
        }
    }

    private bool TryTakeTexts(TokenClaim member, ref Utf8JsonReader reader)
    {
        List<string> texts = [];
        while (reader.Read() && reader.TokenType == JsonTokenType.String)
        {
            texts.Add(reader.GetString()!);
        }

        SetTexts(member, [.. texts]);
        return reader.TokenType == JsonTokenType.EndArray;
    }

    private void SetTexts(TokenClaim member, string[] texts)
    {
        if (member == TokenClaim.Audience)
        {
            Audiences = texts;
        }
        else
        {
            Roles = texts;
        }
    }

    private void SetText(TokenClaim member, string text)
    {
        switch (member)
        {
            case TokenClaim.Issuer:
                Issuer = text;
                break;
            case TokenClaim.Subject:
                Subject = text;
                break;
            case TokenClaim.TokenId:
                TokenId = text;
                break;
            case TokenClaim.Client:
                Client = text;
                break;
            case TokenClaim.Tenant:
                Tenant = ParseTenant(text);
                break;
            case TokenClaim.Session:
                Session = text;
                break;
            case TokenClaim.Name:
                Name = text;
                break;
            case TokenClaim.Scope:
                Scope = text;
                break;
            case TokenClaim.ApiKey:
                ApiKey = text;
                break;
            case TokenClaim.Audience:
                Audiences = [text]; // one string or an array of them (RFC 7519 section 4.1.3)
                break;
        }
    }

    private void SetNumber(TokenClaim member, long number)
    {
        switch (member)
        {
            case TokenClaim.Epoch:
                Epoch = number;
                break;
            case TokenClaim.ExpiresAt:
                ExpiresAt = number;
                break;
            case TokenClaim.IssuedAt:
                IssuedAt = number;
                break;
            case TokenClaim.NotBefore:
                NotBefore = number;
                break;
            case TokenClaim.ApiKeyLimit:
                ApiKeyLimit = number;
                break;
            case TokenClaim.AuthenticatedAt:
                AuthenticatedAt = number;
                break;
        }
    }

    private static Guid? ParseTenant(string? text) => Guid.TryParse(text, out var tenant) ? tenant : null;
}
