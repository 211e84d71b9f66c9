using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using ServiceDefaults.Contracts;

namespace Gateway.Tests.Support;

/// <summary>What the identity service answers to the gateway itself: keys, exchange, introspection, snapshot.</summary>
internal sealed class IdentityEndpoints(Issuer issuer, Func<RevocationWriter> revocations)
{
    public const string Secret = "two bold lanterns and five quiet herons";

    private static readonly string Credentials = $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"gateway:{Uri.EscapeDataString(Secret)}"))}";

    /// <summary>API keys that are good, and the claims of their tokens.</summary>
    public ConcurrentDictionary<string, JsonObject> Keys { get; } = [];

    /// <summary>Exchanges asked for, and with which client address.</summary>
    public ConcurrentQueue<(string Key, string? Address)> Exchanges { get; } = [];

    /// <summary>Ids (<c>jti</c>) of tokens that introspection calls inactive.</summary>
    public ConcurrentDictionary<string, bool> Inactive { get; } = [];

    public ConcurrentQueue<string> Introspected { get; } = [];

    /// <summary>Waited for before an exchange is answered.</summary>
    public Task Hold { get; set; } = Task.CompletedTask;

    /// <summary>When set, the answer to every exchange: too many wrong keys.</summary>
    public int? RetryAfterSeconds { get; set; }

    /// <summary>Breaks the snapshot off before its end.</summary>
    public bool CutSnapshots { get; set; }

    public int Snapshots;

    /// <summary>False for what is not the gateway's own question.</summary>
    public async Task<bool> TryAnswerAsync(HttpContext context)
    {
        var isGateway = context.Request.Headers.Authorization == Credentials;
        switch (context.Request.Path.Value)
        {
            case "/.well-known/jwks.json":
                await context.Response.WriteAsync(issuer.KeySet());
                return true;
            case "/connect/token" when isGateway:
                await ExchangeAsync(context);
                return true;
            case "/connect/introspect" when isGateway:
                await IntrospectAsync(context);
                return true;
            case RevocationSnapshot.Path when isGateway:
                await SendSnapshotAsync(context);
                return true;
            default:
                return false;
        }
    }

    private async Task ExchangeAsync(HttpContext context)
    {
        var form = await context.Request.ReadFormAsync();
        Assert.Equal("urn:ietf:params:oauth:grant-type:token-exchange", form["grant_type"]);
        Assert.Equal("urn:platform:params:oauth:token-type:api-key", form["subject_token_type"]);
        Exchanges.Enqueue((form["subject_token"]!, context.Request.Headers["X-Forwarded-For"]));
        await Hold;
        if (RetryAfterSeconds is { } seconds)
        {
            context.Response.StatusCode = 429;
            context.Response.Headers.RetryAfter = $"{seconds}";
        }
        else if (Keys.TryGetValue(form["subject_token"]!, out var claims))
        {
            var token = claims.DeepClone().AsObject();
            token["jti"] = Guid.CreateVersion7().ToString();
            await context.Response.WriteAsJsonAsync(new
            {
                access_token = issuer.Sign(token, issuer.Current),
                issued_token_type = "urn:ietf:params:oauth:token-type:access_token",
                token_type = "Bearer",
                expires_in = 300,
            });
        }
        else
        {
            context.Response.StatusCode = 400;
            await context.Response.WriteAsJsonAsync(new { error = "invalid_grant" });
        }
    }

    private async Task IntrospectAsync(HttpContext context)
    {
        string token = (await context.Request.ReadFormAsync())["token"]!;
        Introspected.Enqueue(token);
        await context.Response.WriteAsJsonAsync(new { active = !Inactive.ContainsKey((string)Issuer.Read(token)["jti"]!) });
    }

    private async Task SendSnapshotAsync(HttpContext context)
    {
        Interlocked.Increment(ref Snapshots);
        context.Response.ContentType = RevocationSnapshot.MediaType;
        var writer = revocations();
        await RevocationSnapshot.WriteAsync(
            context.Response.BodyWriter, new RevocationSnapshotHead(writer.Generation, writer.Sequence), EntriesAsync(context, writer), context.RequestAborted);
    }

    private async IAsyncEnumerable<RevocationStreamItem> EntriesAsync(HttpContext context, RevocationWriter writer)
    {
        await Task.CompletedTask;
        foreach (var one in writer.Issued)
        {
            yield return new RevocationStreamItem(one.Sequence, one.Kind, one.Value, one.Epoch, one.Cutoff, one.ExpiresAt);
        }

        if (CutSnapshots)
        {
            context.Abort();
        }
    }
}
