using System.Globalization;
using IdentityService.Clients;
using IdentityService.Tokens;

namespace IdentityService.Authorization;

/// <summary>What is wrong with an authorization request, in the words of RFC 6749 section 4.1.2.1 and OpenID Connect Core 1.0 section 3.1.2.6.</summary>
internal sealed record AuthorizationFault(string Error, string Description);

/// <summary>The parameters of an authorization request (OpenID Connect Core 1.0 section 3.1.2.1), read and judged.</summary>
internal sealed record AuthorizationParameters
{
    public const string CodeGrant = "authorization_code";

    private const int LongestText = 2000;
    private const int ChallengeLength = 43;

    private static readonly string[] Prompts = ["none", "login", "consent", "select_account"];

    public required string RedirectUri { get; init; }

    public required string[] Scopes { get; init; }

    public required string CodeChallenge { get; init; }

    public required string[] Prompt { get; init; }

    public string? State { get; init; }

    public string? Nonce { get; init; }

    public string? LoginHint { get; init; }

    /// <summary>How long ago the user may have signed in.</summary>
    public TimeSpan? MaxAge { get; init; }

    /// <summary>How surely the user must have signed in, any of these; empty for no wish (RFC 9470 section 4).</summary>
    public string[] Levels { get; init; } = [];

    public bool Asks(string prompt) => Prompt.Contains(prompt, StringComparer.Ordinal);

    /// <summary>Reads parameters whose client and redirect URI are already known to be good.</summary>
    public static (AuthorizationParameters? Parameters, AuthorizationFault? Fault) Read(IReadOnlyDictionary<string, string> form, Client client)
    {
        var prompt = GrantedScopes.Read(form.GetValueOrDefault("prompt") ?? "");
        var scopes = GrantedScopes.Read(form.GetValueOrDefault("scope") ?? "");
        var fault = FaultOf(form, client) ?? FaultOfChallenge(form) ?? FaultOfScopes(scopes, client) ?? FaultOfPrompt(form, prompt);
        if (fault is not null)
        {
            return (null, fault);
        }

        return (new AuthorizationParameters
        {
            RedirectUri = form["redirect_uri"],
            Scopes = scopes,
            CodeChallenge = form["code_challenge"],
            Prompt = prompt,
            State = form.GetValueOrDefault("state"),
            Nonce = form.GetValueOrDefault("nonce"),
            Levels = GrantedScopes.Read(form.GetValueOrDefault("acr_values") ?? ""),
            LoginHint = form.GetValueOrDefault("login_hint"),
            MaxAge = form.TryGetValue("max_age", out var age) ? TimeSpan.FromSeconds(int.Parse(age, NumberStyles.None, CultureInfo.InvariantCulture)) : null,
        }, null);
    }

    private static AuthorizationFault? FaultOf(IReadOnlyDictionary<string, string> form, Client client) =>
        form.ContainsKey("request") ? new("request_not_supported", "Request objects are not supported.")
        : form.GetValueOrDefault("response_type") is not { } type ? Invalid("The parameter response_type is missing.")
        : type != "code" ? new("unsupported_response_type", "The response_type must be code.")
        : !client.Allows(CodeGrant) ? new("unauthorized_client", "The client may not use this grant.")
        : form.GetValueOrDefault("response_mode") is not (null or "query") ? Invalid("The response_mode must be query.")
        : form.Any(parameter => parameter.Value.Length > LongestText) ? Invalid("A parameter is too long.")
        : null;

    // RFC 9700 section 2.1.1: required of every client, and never plain.
    private static AuthorizationFault? FaultOfChallenge(IReadOnlyDictionary<string, string> form) =>
        form.GetValueOrDefault("code_challenge") is not { } challenge ? Invalid("PKCE is required: the parameter code_challenge is missing.")
        : form.GetValueOrDefault("code_challenge_method") != "S256" ? Invalid("The code_challenge_method must be S256.")
        : challenge.Length != ChallengeLength || !challenge.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_')
            ? Invalid("The code_challenge is no SHA-256 in base64url.")
        : null;

    private static AuthorizationFault? FaultOfScopes(string[] scopes, Client client) =>
        scopes.Length == 0 ? new("invalid_scope", "The parameter scope is missing.")
        : scopes.Except(client.Scopes, StringComparer.Ordinal).Any() ? new("invalid_scope", "The scope is not one that this client may have.")
        : null;

    private static AuthorizationFault? FaultOfPrompt(IReadOnlyDictionary<string, string> form, string[] prompt) =>
        prompt.Except(Prompts, StringComparer.Ordinal).Any() ? Invalid("The prompt is not known.")
        : prompt.Length > 1 && prompt.Contains("none", StringComparer.Ordinal) ? Invalid("The prompt none excludes every other.")
        : form.TryGetValue("max_age", out var age) && !int.TryParse(age, NumberStyles.None, CultureInfo.InvariantCulture, out _)
            ? Invalid("The max_age must be a number of seconds.")
        : null;

    private static AuthorizationFault Invalid(string description) => new("invalid_request", description);
}
