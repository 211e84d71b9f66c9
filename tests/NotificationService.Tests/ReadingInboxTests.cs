using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using NotificationService.Tests.Support;

namespace NotificationService.Tests;

public sealed class ReadingInboxTests(RunningNotifications running)
{
    [Fact]
    public async Task List_PagesWhileEntriesArrive_NoneMissedNoneTwice()
    {
        var ada = Person.New();
        await FillAsync(ada, 12);
        using var client = running.Host.VisitAs(ada);
        List<string> seen = [];
        string? cursor = null;
        do
        {
            var page = await client.GetFromJsonAsync<JsonElement>($"/api/v1/notifications?limit=5{(cursor is null ? "" : $"&cursor={cursor}")}");
            seen.AddRange(page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("id").GetString()!));
            cursor = page.GetProperty("nextCursor").GetString();
            await running.Host.PublishAsync(ada.ChangedPassword());
            await running.Host.WaitForInboxAsync(ada, 12 + (seen.Count / 5));
        }
        while (cursor is not null);

        Assert.Equal(12, seen.Count);
        Assert.Equal(12, seen.Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public async Task MarkRead_OneThenAll_CountsAndFiltersFollow()
    {
        var ada = Person.New();
        await FillAsync(ada, 3);
        using var client = running.Host.VisitAs(ada);
        Assert.Equal("""{"unread":3}""", await client.GetStringAsync("/api/v1/notifications/unread-count"));
        var newest = (await running.Host.InboxAsync(ada))[0].GetProperty("id").GetString();

        using var first = await client.PostAsync($"/api/v1/notifications/{newest}/read", null);
        Assert.Equal(HttpStatusCode.NoContent, first.StatusCode);
        var readAt = (await client.GetFromJsonAsync<JsonElement>($"/api/v1/notifications/{newest}")).GetProperty("readAt").GetDateTimeOffset();
        using var second = await client.PostAsync($"/api/v1/notifications/{newest}/read", null);
        Assert.Equal(HttpStatusCode.NoContent, second.StatusCode);
        Assert.Equal(readAt, (await client.GetFromJsonAsync<JsonElement>($"/api/v1/notifications/{newest}")).GetProperty("readAt").GetDateTimeOffset());

        Assert.Equal("""{"unread":2}""", await client.GetStringAsync("/api/v1/notifications/unread-count"));
        Assert.Equal(2, (await running.Host.InboxAsync(ada, "?unread=true")).Length);
        Assert.Equal(newest, Assert.Single(await running.Host.InboxAsync(ada, "?unread=false")).GetProperty("id").GetString());

        using var all = await client.PostAsync("/api/v1/notifications/read-all", null);
        Assert.Equal("""{"marked":2}""", await all.Content.ReadAsStringAsync());
        Assert.Equal("""{"unread":0}""", await client.GetStringAsync("/api/v1/notifications/unread-count"));
    }

    [Theory]
    [InlineData("limit=0")]
    [InlineData("limit=1001")]
    [InlineData("limit=x")]
    [InlineData("cursor=nonsense")]
    [InlineData("unread=perhaps")]
    public async Task List_BadQuery_Refused(string query)
    {
        using var client = running.Host.VisitAs(Person.New());
        using var answer = await client.GetAsync($"/api/v1/notifications?{query}");
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
    }

    private async Task FillAsync(Person person, int entries)
    {
        for (var entry = 0; entry < entries; entry++)
        {
            await running.Host.PublishAsync(person.ChangedPassword());
        }

        await running.Host.WaitForInboxAsync(person, entries);
        await Eventually.Async(async () => (await running.Host.InboxAsync(person)).Length == entries, TimeSpan.FromMinutes(1));
    }
}
