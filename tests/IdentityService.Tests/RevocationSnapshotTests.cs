using System.Net;
using System.Net.Http.Headers;
using System.Text;
using IdentityService.Revocations;
using IdentityService.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using ServiceDefaults.Contracts;

namespace IdentityService.Tests;

public sealed class RevocationSnapshotTests(IdentityApi api)
{
    [Theory]
    [InlineData(null)]
    [InlineData("gateway:")]
    [InlineData("gateway:a wrong secret of thirty-two characters")]
    [InlineData("other:" + IdentityHost.GatewaySecret)]
    public async Task Snapshot_ForAnyoneElse_IsRefused(string? credentials)
    {
        using var answer = await AskAsync(api.Http, credentials);

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.StartsWith("Basic", answer.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Snapshot_RedisAway_HasEveryLivingRevocationAlsoAfterARestart()
    {
        var away = await api.NewBackingAsync() with { Redis = "127.0.0.1:1" };
        Guid first, second;
        string rotated;
        await using (var host = IdentityHost.Start(away, services: IdentityHost.FastHashes))
        {
            using var http = host.CreateClient();
            (first, _) = await LogInAndOutAsync(http);
            (second, rotated) = await LogInAndOutAsync(http);
        }

        await using var restarted = IdentityHost.Start(away, services: IdentityHost.FastHashes);
        using var again = restarted.CreateClient();
        var (head, entries) = await ReadAsync(again);

        Assert.Equal(new RevocationSnapshotHead(null, 2), head);
        Assert.Equal([first, second], entries.Select(entry => Guid.Parse(entry.Value)));
        Assert.All(entries, entry => Assert.Equal(RevocationKind.Session, entry.Kind));
        Assert.Equal(HttpStatusCode.Unauthorized, (await new Person(again).TryRefreshAsync(rotated)).StatusCode);
    }

    [Fact]
    public async Task Snapshot_AllKinds_CarriesEpochsAndCutoffsAndTheGeneration()
    {
        var backing = await api.NewBackingAsync();
        await using var host = IdentityHost.Start(backing, services: IdentityHost.FastHashes);
        using var http = host.CreateClient();
        await using var gateway = await FakeGateway.ConnectAsync(backing.Redis);
        var cutoff = DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds());
        (RevocationKind Kind, string Value, long? Epoch, DateTimeOffset? Cutoff)[] issued =
        [
            (RevocationKind.Token, "a token", null, null),
            (RevocationKind.Subject, "a subject", 4, null),
            (RevocationKind.Client, "a client", null, cutoff),
            (RevocationKind.Tenant, "a tenant", null, cutoff),
            (RevocationKind.Global, "", null, cutoff),
        ];
        foreach (var one in issued)
        {
            await using var scope = host.Services.CreateAsyncScope();
            var database = scope.ServiceProvider.GetRequiredService<Data.IdentityDb>();
            await using var transaction = await database.Database.BeginTransactionAsync();
            var now = TimeProvider.System.GetUtcNow();
            var log = scope.ServiceProvider.GetRequiredService<RevocationLog>();
            var revocation = await log.AddAsync(
                one.Kind, one.Value, one.Epoch, one.Cutoff, new EventEnvelope(Guid.CreateVersion7(now), now, Tenants.Default, Actor.System("test"), null, null, null, null), default);
            await database.SaveChangesAsync();
            await transaction.CommitAsync();
            log.Committed(revocation);
        }

        // In the snapshot and in the stream alike.
        var (head, entries) = await ReadAsync(http);
        Assert.Equal(issued, entries.Select(entry => (entry.Kind!.Value, entry.Value, entry.Epoch, entry.Cutoff)));
        await Eventually.Async(async () => (await gateway.RevocationsAsync()).Count == issued.Length, IdentityApi.Deadline);
        Assert.Equal(issued, (await gateway.RevocationsAsync()).Select(entry => (entry.Kind!.Value, entry.Value, entry.Epoch, entry.Cutoff)));
        Assert.Equal(await gateway.GenerationAsync(), (await ReadAsync(http)).Head.Generation);
        Assert.Equal(issued.Length, head.Sequence);
    }

    private static async Task<(RevocationSnapshotHead Head, List<RevocationStreamItem> Entries)> ReadAsync(HttpClient http)
    {
        using var answer = await AskAsync(http, $"gateway:{Uri.EscapeDataString(IdentityHost.GatewaySecret)}");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(RevocationSnapshot.MediaType, answer.Content.Headers.ContentType?.MediaType);
        List<RevocationStreamItem> entries = [];
        var head = await RevocationSnapshot.ReadAsync(await answer.Content.ReadAsStreamAsync(), entries.Add, default);
        return (head, entries);
    }

    private static async Task<HttpResponseMessage> AskAsync(HttpClient http, string? credentials)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, RevocationSnapshot.Path);
        if (credentials is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(credentials)));
        }

        return await http.SendAsync(request);
    }

    private static async Task<(Guid Session, string Rotated)> LogInAndOutAsync(HttpClient http)
    {
        var person = new Person(http);
        await person.RegisterAsync();
        await person.LogInAsync();
        var rotated = person.RefreshToken;
        await person.RefreshAsync();
        var session = person.SessionId;
        (await person.TryLogOutAsync()).EnsureSuccessStatusCode();
        return (session, rotated);
    }
}
