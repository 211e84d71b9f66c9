using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using NotificationService.Tests.Support;

namespace NotificationService.Tests;

public sealed class SearchingQueueTests(RunningNotifications running)
{
    private readonly Guid _tenant = Person.NewId();

    [Fact]
    public async Task List_ByStatusAndRecipient_ShowsThoseAlone()
    {
        var good = Person.New(tenant: _tenant);
        var bad = Person.New(tenant: _tenant, email: "no address");
        await running.Host.PublishAsync(good.Registered());
        await running.Host.PublishAsync(bad.Registered());
        await running.Host.WaitForStatusAsync(good, "sent");
        await running.Host.WaitForStatusAsync(bad, "dead");

        Assert.Equal([bad.Email], await RecipientsAsync("?status=dead"));
        Assert.Equal([good.Email], await RecipientsAsync("?status=sent"));
        Assert.Empty(await RecipientsAsync("?status=pending"));
        Assert.Equal([good.Email], await RecipientsAsync($"?recipient={Uri.EscapeDataString(good.Email.ToUpperInvariant())}"));
        Assert.Equal([bad.Email, good.Email], (await RecipientsAsync("")).OrderDescending(StringComparer.Ordinal));
    }

    [Fact]
    public async Task List_InPages_EachOnce()
    {
        var people = Enumerable.Range(0, 7).Select(_ => Person.New(tenant: _tenant)).ToList();
        foreach (var person in people)
        {
            await running.Host.PublishAsync(person.Registered());
        }

        await Task.WhenAll(people.Select(person => running.Host.WaitForStatusAsync(person, "sent")));
        using var administrator = running.Host.VisitAsAdministrator(_tenant);
        List<string> seen = [];
        string? cursor = null;
        do
        {
            var page = await administrator.GetFromJsonAsync<JsonElement>($"/api/v1/notifications/queue?limit=3{(cursor is null ? "" : $"&cursor={cursor}")}");
            seen.AddRange(page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("recipient").GetString()!));
            cursor = page.GetProperty("nextCursor").GetString();
        }
        while (cursor is not null);

        Assert.Equal(people.Select(person => person.Email).Order(StringComparer.Ordinal), seen.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("status=lost")]
    [InlineData("status=1")]
    [InlineData("recipient=%00")]
    [InlineData("limit=-1")]
    public async Task List_BadQuery_Refused(string query)
    {
        using var administrator = running.Host.VisitAsAdministrator(_tenant);
        using var answer = await administrator.GetAsync($"/api/v1/notifications/queue?{query}");
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    private async Task<string[]> RecipientsAsync(string query)
    {
        using var administrator = running.Host.VisitAsAdministrator(_tenant);
        var page = await administrator.GetFromJsonAsync<JsonElement>($"/api/v1/notifications/queue{query}");
        return [.. page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("recipient").GetString()!)];
    }
}
