using System.Security.Cryptography;
using System.Text.Json;
using IdentityService.Authorization;
using IdentityService.Clients;
using IdentityService.DeviceGrants;
using IdentityService.Sessions;
using IdentityService.Tokens;
using Microsoft.Extensions.Options;
using ServiceDefaults.Authentication;

namespace IdentityService.ClientRegistration;

/// <summary>
/// What a client's settings must keep to; every fault at once. Nobody can make a client that may do more than themselves.
/// </summary>
internal sealed class ClientRules(Caller caller, IOptions<ClientOptions> options)
{
    private const int LongestUri = 2000;

    private static readonly string[] Grants = [CodeExchange.Grant, RefreshTokenGrant.Grant, ClientTokens.Grant, DeviceCodeGrant.Grant];
    private static readonly string[] PrivateMembers = ["d", "p", "q", "dp", "dq", "qi", "k"];

    public Dictionary<string, string[]> FaultsOf(ClientSettings settings, ClientProof proof)
    {
        Dictionary<string, string[]> faults = new(StringComparer.Ordinal);
        Add("grantTypes", settings.GrantTypes!.Except(Grants, StringComparer.Ordinal).Select(grant => $"{grant} is not known")
            .Concat(proof == ClientProof.None && settings.GrantTypes!.Contains(ClientTokens.Grant, StringComparer.Ordinal) ? ["a public client has no tokens of its own"] : []));
        Add("scopes", settings.Scopes!.Where(scope => !OpenIdScopes.All.Contains(scope, StringComparer.Ordinal) && !caller.Has(scope))
            .Select(scope => $"you do not have {scope}"));
        Add("redirectUris", settings.RedirectUris.Where(uri => !IsReturnAddress(uri)).Select(uri => $"{uri} is not https, loopback or a private scheme such as com.example.app:/")
            .Concat(settings.RedirectUris.Count == 0 && settings.GrantTypes!.Contains(CodeExchange.Grant, StringComparer.Ordinal) ? ["authorization_code needs one"] : []));
        Add("postLogoutRedirectUris", settings.PostLogoutRedirectUris.Where(uri => !IsReturnAddress(uri)).Select(uri => $"{uri} is not https, loopback or a private scheme"));
        Add("backChannelLogoutUri", settings.BackChannelLogoutUri is { } callback && !IsCallback(callback) ? ["must be https"] : []);
        Add("allTenants", settings.AllTenants && !caller.Has(Scopes.Platform) ? ["is a platform administrator's choice"] : []);
        Add("jwks", (proof == ClientProof.PrivateKey, settings.Jwks) switch
        {
            (true, { } keys) => FaultOf(keys) is { } fault ? [fault] : [],
            (true, null) => ["is required for privateKey"],
            (false, not null) => ["is for privateKey only"],
            _ => [],
        });
        return faults;

        void Add(string field, IEnumerable<string> found)
        {
            if (found.ToArray() is { Length: > 0 } all)
            {
                faults[field] = all;
            }
        }
    }

    /// <summary>RFC 6749 section 3.1.2 (absolute, no fragment), RFC 8252 section 7 (native applications).</summary>
    internal static bool IsReturnAddress(string text) =>
        IsPlain(text, out var uri)
        && uri.Scheme switch
        {
            "https" => true,
            "http" => uri.IsLoopback,
            var scheme => scheme.Contains('.', StringComparison.Ordinal),
        };

    private bool IsCallback(string text) =>
        IsPlain(text, out var uri) && (uri.Scheme == "https" || (uri.Scheme == "http" && options.Value.PrivateCallbacks));

    // No character that means something in a header, a policy or a page.
    private static bool IsPlain(string text, out Uri uri) =>
        Uri.TryCreate(text, UriKind.Absolute, out uri!)
        && text.Length <= LongestUri && text.All(letter => letter is > ' ' and <= '~' and not ('"' or '\'' or '<' or '>' or ';' or ',' or '\\' or '#'))
        && uri.UserInfo.Length == 0;

    private static string? FaultOf(JsonElement keySet)
    {
        if (keySet.ValueKind != JsonValueKind.Object || !keySet.TryGetProperty("keys", out var keys)
            || keys.ValueKind != JsonValueKind.Array || keys.GetArrayLength() is 0 or > 20
            || keys.EnumerateArray().Any(key => key.ValueKind != JsonValueKind.Object))
        {
            return "must be a key set of 1 to 20 keys";
        }

        if (keys.EnumerateArray().Any(key => PrivateMembers.Any(member => key.TryGetProperty(member, out _))))
        {
            return "must hold public keys only: take this private key out of use, it has been shown";
        }

        try
        {
            return keys.EnumerateArray().All(key => VerificationKey.FromJwk(key, "probe") is not null) ? null : "must hold RSA keys of 2048 bits or P-256 keys";
        }
        catch (Exception fault) when (fault is CryptographicException or FormatException)
        {
            return "holds a key that is not usable";
        }
    }
}
