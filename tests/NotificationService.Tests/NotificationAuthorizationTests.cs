using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using NotificationService.Tests.Support;

namespace NotificationService.Tests;

public sealed class NotificationAuthorizationTests(RunningNotifications running)
{
    private const string SomeId = "0197a1b2-0000-7000-8000-000000000001";

    public static TheoryData<string, string, string> Routes => new()
    {
        { "GET", "/api/v1/notifications", "identity:self" },
        { "GET", $"/api/v1/notifications/{SomeId}", "identity:self" },
        { "POST", $"/api/v1/notifications/{SomeId}/read", "identity:self" },
        { "POST", "/api/v1/notifications/read-all", "identity:self" },
        { "GET", "/api/v1/notifications/unread-count", "identity:self" },
        { "GET", "/api/v1/notifications/stream", "identity:self" },
        { "GET", "/api/v1/notifications/queue", "notifications:admin" },
        { "GET", $"/api/v1/notifications/queue/{SomeId}", "notifications:admin" },
        { "POST", $"/api/v1/notifications/queue/{SomeId}/retry", "notifications:admin" },
        { "POST", $"/api/v1/notifications/queue/{SomeId}/cancel", "notifications:admin" },
    };

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Call_WithoutToken_401(string method, string path, string scope)
    {
        Assert.NotEmpty(scope);
        using var client = running.Host.Visit();
        using var answer = await client.SendAsync(new HttpRequestMessage(new HttpMethod(method), path), HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.StartsWith("Bearer", answer.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Call_WithEveryOtherScope_403(string method, string path, string scope)
    {
        string[] others =
        [
            "identity:self", "identity:admin", "audit:read", "audit:admin", "notifications:read", "notifications:admin",
            "devices:read", "devices:write", "devices:self", "platform:admin",
        ];
        using var client = running.Host.Visit(running.Tokens.User(Person.NewId(), Person.NewId(), [.. others.Where(one => one != scope)]));
        using var answer = await client.SendAsync(new HttpRequestMessage(new HttpMethod(method), path), HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
    }

    [Fact]
    public async Task Inbox_EntryOfAnother_NotFoundAndUntouched()
    {
        var ada = Person.New();
        await running.Host.PublishAsync(ada.Registered());
        var id = (await running.Host.WaitForInboxAsync(ada, 1))[0].GetProperty("id").GetString();

        // Of the same tenant, of another tenant, of another tenant under the same user id, and of the platform.
        string[] strangers =
        [
            running.Tokens.User(Person.NewId(), ada.Tenant, "identity:self"),
            running.Tokens.User(Person.NewId(), Person.NewId(), "identity:self"),
            running.Tokens.User(ada.Id, Person.NewId(), "identity:self"),
            running.Tokens.User(Person.NewId(), TestTokens.DefaultTenant, "identity:self", "platform:admin"),
        ];
        foreach (var stranger in strangers)
        {
            using var client = running.Host.Visit(stranger);
            using var show = await client.GetAsync($"/api/v1/notifications/{id}");
            Assert.Equal(HttpStatusCode.NotFound, show.StatusCode);
            using var read = await client.PostAsync($"/api/v1/notifications/{id}/read", null);
            Assert.Equal(HttpStatusCode.NotFound, read.StatusCode);
            using var all = await client.PostAsync("/api/v1/notifications/read-all", null);
            Assert.Equal("""{"marked":0}""", await all.Content.ReadAsStringAsync());
            Assert.Equal("""{"unread":0}""", await client.GetStringAsync("/api/v1/notifications/unread-count"));
            Assert.Equal("""{"items":[],"nextCursor":null}""", await client.GetStringAsync("/api/v1/notifications"));
        }

        Assert.Equal(JsonValueKind.Null, Assert.Single(await running.Host.InboxAsync(ada)).GetProperty("readAt").ValueKind);
    }

    [Fact]
    public async Task Queue_OfAnotherTenant_NotFoundButForThePlatform()
    {
        var ada = Person.New();
        await running.Host.PublishAsync(ada.Registered());
        var sent = await running.Host.WaitForStatusAsync(ada, "sent");
        var id = sent.GetProperty("notification").GetProperty("id").GetString();

        using var stranger = running.Host.VisitAsAdministrator(Person.NewId());
        Assert.Equal("""{"items":[],"nextCursor":null}""", await stranger.GetStringAsync("/api/v1/notifications/queue"));
        foreach (var (method, path) in new[] { ("GET", ""), ("POST", "/retry"), ("POST", "/cancel") })
        {
            using var answer = await stranger.SendAsync(new HttpRequestMessage(new HttpMethod(method), $"/api/v1/notifications/queue/{id}{path}"));
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }

        using var platform = running.Host.Visit(running.Tokens.User(Person.NewId(), TestTokens.DefaultTenant, "notifications:admin", "platform:admin"));
        var shown = await platform.GetFromJsonAsync<JsonElement>($"/api/v1/notifications/queue/{id}");
        Assert.Equal(ada.Tenant, shown.GetProperty("notification").GetProperty("tenantId").GetGuid());
    }
}
