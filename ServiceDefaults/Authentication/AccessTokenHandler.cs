using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ServiceDefaults.Authentication;

/// <summary>
/// ASP.NET Core's authentication by <c>Authorization: Bearer</c>. Refusals are problems with <c>WWW-Authenticate</c>
/// (RFC 6750 section 3): no credentials, no error code; a bad token <c>invalid_token</c>; a missing right
/// <c>insufficient_scope</c>.
/// </summary>
internal sealed class AccessTokenHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options,
    ILoggerFactory loggers,
    UrlEncoder encoder,
    AccessTokenValidator validator,
    BearerProblems problems) : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string SchemeName = "Bearer";

    private const string Prefix = SchemeName + " ";

    private string? _refusal;
    private bool _unavailable;

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        // Two headers would let the gateway read one and a service the other.
        var header = Request.Headers.Authorization;
        if (header.Count == 0)
        {
            return AuthenticateResult.NoResult();
        }

        if (header is not [{ } value] || !value.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
        {
            return Refuse("The Authorization header must be one bearer token.");
        }

        try
        {
            var result = await validator.ValidateAsync(value[Prefix.Length..], Context.RequestAborted);
            return result.Token is { } token
                ? AuthenticateResult.Success(new AuthenticationTicket(PrincipalOf(token), SchemeName))
                : Refuse(result.Refusal!);
        }
        catch (KeysUnavailableException fault)
        {
            _unavailable = true;
            return AuthenticateResult.Fail(fault);
        }
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties) =>
        _unavailable ? problems.UnavailableAsync(Context) : problems.UnauthorizedAsync(Context, _refusal);

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties)
    {
        var required = Context.GetEndpoint()?.Metadata.GetOrderedMetadata<RequiredScope>() ?? [];
        return problems.ForbiddenAsync(Context, required.Select(scope => scope.Name));
    }

    /// <summary>The principal of a valid token, with claims named as in the token.</summary>
    internal static ClaimsPrincipal PrincipalOf(AccessToken token)
    {
        List<Claim> claims =
        [
            new(ClaimNames.Subject, token.Subject),
            new(ClaimNames.Tenant, token.TenantId.ToString()),
            new(ClaimNames.TokenId, token.TokenId),
            new(ClaimNames.Client, token.ClientId),
            new(ClaimNames.Epoch, token.Epoch.ToString(System.Globalization.CultureInfo.InvariantCulture)),
            .. token.Scopes.Select(scope => new Claim(ClaimNames.Scope, scope)),
            .. token.Roles.Select(role => new Claim(ClaimNames.Role, role)),
        ];
        if (token.SessionId is { } session)
        {
            claims.Add(new Claim(ClaimNames.Session, session));
        }

        if (token.Name is { } name)
        {
            claims.Add(new Claim(ClaimNames.Name, name));
        }

        if (token.AuthenticatedAt is { } proved)
        {
            claims.Add(new Claim(ClaimNames.AuthenticatedAt, proved.ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture)));
        }

        return new ClaimsPrincipal(new ClaimsIdentity(claims, SchemeName, ClaimNames.Name, ClaimNames.Role));
    }

    private AuthenticateResult Refuse(string reason)
    {
        _refusal = reason;
        return AuthenticateResult.Fail(reason);
    }
}
