using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;
using IdentityService.Clients;
using IdentityService.Data;
using IdentityService.Keys;
using IdentityService.Operation;
using IdentityService.Tokens;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using ServiceDefaults.Authentication;

namespace IdentityService.DeviceGrants;

/// <summary>RFC 8628 section 3.2.</summary>
public sealed record StartedDeviceGrant
{
    [JsonPropertyName("device_code")]
    public required string DeviceCode { get; init; }

    [JsonPropertyName("user_code")]
    public required string UserCode { get; init; }

    [JsonPropertyName("verification_uri")]
    public required string VerificationUri { get; init; }

    [JsonPropertyName("verification_uri_complete")]
    public required string VerificationUriComplete { get; init; }

    /// <summary>Seconds.</summary>
    [JsonPropertyName("expires_in")]
    public required int ExpiresIn { get; init; }

    /// <summary>Seconds.</summary>
    [JsonPropertyName("interval")]
    public required int Interval { get; init; }
}

/// <summary>The device authorization endpoint (RFC 8628 section 3.1).</summary>
internal sealed class StartDeviceGrant(
    IdentityDb database, ClientAuthentication clients, IOptions<AuthenticationOptions> options, TimeProvider time)
{
    public const string Path = "/connect/device_authorization";

    private static readonly TimeSpan Life = TimeSpan.FromMinutes(10);

    public static Task<Results<Ok<StartedDeviceGrant>, JsonHttpResult<OAuthError>>> HandleAsync(
        HttpRequest request, StartDeviceGrant start, CancellationToken cancellationToken) => start.StartAsync(request, cancellationToken);

    private async Task<Results<Ok<StartedDeviceGrant>, JsonHttpResult<OAuthError>>> StartAsync(
        HttpRequest request, CancellationToken cancellationToken)
    {
        if (await OAuthForm.ReadAsync(request, cancellationToken) is not { } form)
        {
            return OAuthProblems.InvalidRequest(OAuthForm.Malformed);
        }

        var (client, refusal) = await clients.AuthenticateAsync(request, form, cancellationToken);
        if (client is null)
        {
            return refusal!;
        }

        if (client.Registered is not { } application || !application.Allows(DeviceCodeGrant.Grant))
        {
            return OAuthProblems.UnauthorizedClient();
        }

        var scopes = form.GetValueOrDefault("scope") is { } scope ? GrantedScopes.Read(scope) : application.Scopes;
        if (scopes.Except(application.Scopes, StringComparer.Ordinal).Any())
        {
            return OAuthProblems.InvalidScope();
        }

        return TypedResults.Ok(await AddAsync(application, scopes, cancellationToken));
    }

    private async Task<StartedDeviceGrant> AddAsync(Client client, string[] scopes, CancellationToken cancellationToken)
    {
        var deviceCode = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        while (true)
        {
            var now = time.GetInstant();
            var grant = new DeviceGrant
            {
                Id = Guid.CreateVersion7(now),
                DeviceCodeHash = SHA256.HashData(Encoding.UTF8.GetBytes(deviceCode)),
                UserCode = DeviceGrant.NewUserCode(),
                ClientId = client.Id,
                Scopes = scopes,
                ExpiresAt = now + Life,
            };
            database.DeviceGrants.Add(grant);
            try
            {
                await database.SaveChangesAsync(cancellationToken);
                return AnswerOf(grant, deviceCode);
            }
            catch (DbUpdateException fault) when (UniqueViolation.Of(fault, OAuthMapping.UniqueUserCode))
            {
                database.ChangeTracker.Clear(); // Another device waits under this code: take another.
            }
        }
    }

    private StartedDeviceGrant AnswerOf(DeviceGrant grant, string deviceCode)
    {
        var page = IssuerMetadata.Under(options.Value, DevicePage.Path);
        var shown = DeviceGrant.Show(grant.UserCode);
        return new StartedDeviceGrant
        {
            DeviceCode = deviceCode,
            UserCode = shown,
            VerificationUri = page,
            VerificationUriComplete = $"{page}?user_code={shown}",
            ExpiresIn = (int)Life.TotalSeconds,
            Interval = grant.Interval,
        };
    }
}
