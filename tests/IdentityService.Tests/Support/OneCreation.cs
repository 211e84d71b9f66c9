using System.Net;
using IdentityService.ApiKeys;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Idempotency;

namespace IdentityService.Tests.Support;

/// <summary>A request that creates something, sent once or more often under one key.</summary>
internal sealed record OneCreation(Person Caller, string Path, object Body)
{
    /// <summary>One that nobody else has, unless a test says so.</summary>
    public string Key { get; init; } = Guid.CreateVersion7().ToString();

    public static OneCreation OfApiKey(Person owner) => new(owner, ApiKeyEndpoints.Path, new { name = "builds", scopes = new[] { "identity:self" } });

    public Task<HttpResponseMessage> TrySendAsync(HttpClient http, params string[] keys) =>
        IdentityApi.SendAsync(http, HttpMethod.Post, Path, Caller.AccessToken, Body, null, keys is [] ? [Key] : keys);

    /// <summary>Sends it until nobody else is at it; what is answered then.</summary>
    public async Task<Answer> SendAsync(HttpClient http)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            using var answer = await TrySendAsync(http);
            if (answer.StatusCode != HttpStatusCode.Conflict || TimeProvider.System.GetElapsedTime(began) > IdentityApi.Deadline)
            {
                return await Answer.OfAsync(answer);
            }

            Assert.Equal("idempotency_key_in_use", await answer.ProblemAsync(HttpStatusCode.Conflict));
        }
    }

    /// <summary>How many API keys the caller has.</summary>
    public Task<int> KeysMadeAsync(IdentityHost host) =>
        host.QueryAsync(db => db.ApiKeys.CountAsync(row => row.UserId == Caller.Id));

    /// <summary>What of an answer must be the same again, and whether it was one that was given before.</summary>
    internal sealed record Answer(HttpStatusCode Status, string? Location, string? Tag, string? Type, string? Caching, string Body, bool Replayed)
    {
        public static async Task<Answer> OfAsync(HttpResponseMessage answer) => new(
            answer.StatusCode,
            answer.Headers.Location?.ToString(),
            answer.Headers.ETag?.ToString(),
            answer.Content.Headers.ContentType?.ToString(),
            answer.Headers.CacheControl?.ToString(),
            await answer.Content.ReadAsStringAsync(),
            answer.Headers.TryGetValues(IdempotencyKey.ReplayedHeader, out var replayed) && replayed.Single() == "true");
    }
}
