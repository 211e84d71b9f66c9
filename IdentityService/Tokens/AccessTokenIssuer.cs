using System.Text.Json;
using Microsoft.Extensions.Options;
using ServiceDefaults.Authentication;

namespace IdentityService.Tokens;

/// <summary>For whom an access token is.</summary>
/// <param name="Subject"><c>sub</c>.</param>
/// <param name="ClientId"><c>client_id</c>.</param>
/// <param name="TenantId"><c>tid</c>.</param>
/// <param name="SessionId"><c>sid</c>, null without a session.</param>
/// <param name="Name"><c>name</c>.</param>
/// <param name="Scopes"><c>scope</c>.</param>
/// <param name="Roles"><c>roles</c>.</param>
/// <param name="Epoch"><c>epoch</c>.</param>
internal sealed record TokenSubject(
    string Subject,
    string ClientId,
    Guid TenantId,
    Guid? SessionId,
    string? Name,
    IReadOnlyList<string> Scopes,
    IReadOnlyList<string> Roles,
    long Epoch)
{
    /// <summary>Shorter than others' tokens.</summary>
    public TimeSpan? Life { get; init; }

    /// <summary>The session's <c>auth_time</c>, <c>acr</c> and <c>amr</c> (RFC 9068 section 2.2.1), by which others can ask for a step-up (RFC 9470).</summary>
    public UserAuthentication? Authentication { get; init; }

    /// <summary><c>key_id</c>: the API key that it stands for.</summary>
    public Guid? KeyId { get; init; }

    /// <summary><c>key_limit</c>: requests a minute that this key allows.</summary>
    public int? KeyLimit { get; init; }
}

/// <summary>When and how a user proved who they are.</summary>
internal sealed record UserAuthentication(DateTimeOffset At, string Level, IReadOnlyList<string> Methods);

/// <summary>A signed access token.</summary>
/// <param name="Text">The compact form.</param>
/// <param name="Id">Its <c>jti</c>.</param>
/// <param name="Life">Time until <c>exp</c>.</param>
internal sealed record IssuedToken(string Text, string Id, TimeSpan Life);

/// <summary>Makes access tokens: JWTs by RFC 9068.</summary>
internal sealed class AccessTokenIssuer(
    JwtSigning signing, IOptions<AuthenticationOptions> authentication, IOptions<TokenOptions> tokens, TimeProvider time)
{
    /// <summary>Signs a new token.</summary>
    public IssuedToken Issue(TokenSubject subject)
    {
        var now = time.GetUtcNow();
        var id = Guid.CreateVersion7(now).ToString("N");
        var life = subject.Life ?? tokens.Value.AccessTokenLife;
        return new IssuedToken(signing.Sign(JwtSigning.AccessToken, claims => WriteClaims(claims, subject, id, now, life)), id, life);
    }

    private void WriteClaims(Utf8JsonWriter claims, TokenSubject subject, string id, DateTimeOffset now, TimeSpan life)
    {
        claims.WriteString("iss", authentication.Value.Issuer);
        claims.WriteString("aud", authentication.Value.Audience);
        claims.WriteString("sub", subject.Subject);
        claims.WriteString("client_id", subject.ClientId);
        claims.WriteString("jti", id);
        claims.WriteString("tid", subject.TenantId);
        if (subject.SessionId is { } session)
        {
            claims.WriteString("sid", session);
        }

        if (subject.Name is { } name)
        {
            claims.WriteString("name", name);
        }

        claims.WriteString("scope", string.Join(' ', subject.Scopes));
        WriteArray(claims, "roles", subject.Roles);
        if (subject.Authentication is { } proof)
        {
            claims.WriteNumber("auth_time", proof.At.ToUnixTimeSeconds());
            claims.WriteString("acr", proof.Level);
            WriteArray(claims, "amr", proof.Methods);
        }

        if (subject.KeyId is { } apiKey)
        {
            claims.WriteString("key_id", apiKey);
        }

        if (subject.KeyLimit is { } limit)
        {
            claims.WriteNumber("key_limit", limit);
        }

        claims.WriteNumber("epoch", subject.Epoch);
        claims.WriteNumber("iat", now.ToUnixTimeSeconds());
        claims.WriteNumber("exp", (now + life).ToUnixTimeSeconds());
    }
    private static void WriteArray(Utf8JsonWriter claims, string name, IReadOnlyList<string> values)
    {
        claims.WriteStartArray(name);
        foreach (var value in values)
        {
            claims.WriteStringValue(value);
        }

        claims.WriteEndArray();
    }
}
