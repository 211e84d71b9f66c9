using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IdentityService.Clients;
using IdentityService.Data;
using IdentityService.Operation;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace IdentityService.Authorization;

/// <summary>Keeps authorization requests, each under a handle that nobody can guess.</summary>
internal sealed class AuthorizationRequests(IdentityDb database, IOptions<AuthorizationOptions> options, TimeProvider time)
{
    /// <summary>RFC 9126 section 2.2.</summary>
    public const string UriPrefix = "urn:ietf:params:oauth:request_uri:";

    /// <summary>Adds one; the save is the use case's.</summary>
    public (string Handle, AuthorizationRequest Request) Add(Client client, IReadOnlyDictionary<string, string> parameters, bool pushed)
    {
        var handle = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        var life = pushed ? options.Value.PushedRequestLife : options.Value.InteractionLife;
        var request = AuthorizationRequest.Create(
            HashOf(handle), client.Id, JsonSerializer.Serialize(parameters), pushed, time.GetInstant() + life);
        database.AuthorizationRequests.Add(request);
        return (handle, request);
    }

    /// <summary>Finds a living one.</summary>
    public async Task<AuthorizationRequest?> FindAsync(string? handle, CancellationToken cancellationToken)
    {
        if (handle is not { Length: 43 })
        {
            return null;
        }

        var hash = HashOf(handle);
        var now = time.GetUtcNow();
        return await database.AuthorizationRequests.SingleOrDefaultAsync(row => row.Hash == hash && row.ExpiresAt > now, cancellationToken);
    }

    /// <summary>Finds a living one with its client, for the pages.</summary>
    public async Task<(AuthorizationRequest Request, Client Client, AuthorizationParameters Parameters)?> OpenAsync(
        string? handle, CancellationToken cancellationToken) =>
        await FindAsync(handle, cancellationToken) is { } request
        && await database.Clients.AsNoTracking().SingleOrDefaultAsync(row => row.Id == request.ClientId, cancellationToken) is { DisabledAt: null } client
        && AuthorizationParameters.Read(ParametersOf(request), client).Parameters is { } parameters
            ? (request, client, parameters)
            : null;

    /// <summary>Gives the user time.</summary>
    public void Wait(AuthorizationRequest request, bool forSignIn)
    {
        var now = time.GetInstant();
        request.Wait(now + options.Value.InteractionLife, forSignIn ? now : null);
    }

    /// <summary>Takes one away; false when it was answered meanwhile (RFC 9126 section 4: once).</summary>
    public async Task<bool> TakeAsync(AuthorizationRequest request, CancellationToken cancellationToken) =>
        await database.AuthorizationRequests.Where(row => row.Hash == request.Hash).ExecuteDeleteAsync(cancellationToken) == 1;

    public static Dictionary<string, string> ParametersOf(AuthorizationRequest request) =>
        JsonSerializer.Deserialize<Dictionary<string, string>>(request.Parameters)!;

    /// <summary>Where the browser goes on with a kept request.</summary>
    public static string AddressOf(AuthorizationRequest request, string handle) =>
        $"{Authorize.Path}?client_id={request.ClientId}&request_uri={Uri.EscapeDataString(UriPrefix + handle)}";

    private static byte[] HashOf(string handle) => SHA256.HashData(Encoding.UTF8.GetBytes(handle));
}
