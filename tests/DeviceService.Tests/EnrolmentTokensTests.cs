using System.Net;
using System.Text.RegularExpressions;
using DeviceService.Tests.Support;
using Npgsql;

namespace DeviceService.Tests;

public sealed partial class EnrolmentTokensTests(DeviceApi api)
{
    private const string Tokens = "/api/v1/devices/enrollment-tokens";

    private readonly Guid _tenant = DeviceApi.NewTenant();

    [Fact]
    public async Task Create_WithWishes_ShowsTheTokenOnceAndStoresOnlyItsHash()
    {
        var response = await api.SendAsync(
            HttpMethod.Post, Tokens, api.Operator(_tenant), new { name = "hall 3", expiresInSeconds = 60, maxUses = 7, group = "g" });
        var body = await response.BodyAsync(HttpStatusCode.Created);

        var token = body.Text("token");
        Assert.Matches(TokenShape(), token);
        Assert.Equal(7, body.GetProperty("maxUses").GetInt32());
        Assert.Equal("g", body.Text("group"));
        Assert.InRange(body.GetProperty("expiresAt").GetDateTimeOffset() - TimeProvider.System.GetUtcNow(), TimeSpan.FromSeconds(50), TimeSpan.FromSeconds(61));
        Assert.True(response.Headers.CacheControl!.NoStore);
        var shown = await api.SendAsync(HttpMethod.Get, response.Headers.Location!.OriginalString, api.Operator(_tenant));
        Assert.DoesNotContain(token, await shown.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.False(await IsStoredAsync(token));
        var record = body.GetProperty("id").GetGuid();
        await Eventually.Async(() => api.Events.Audit("enrollment_token.created", record).Count == 1, DeviceApi.Deadline);
        Assert.DoesNotContain(token, api.Events.Audit("enrollment_token.created", record)[0].ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Create_WithoutWishes_LastsADayForOneDevice()
    {
        var body = await (await api.SendAsync(HttpMethod.Post, Tokens, api.Operator(_tenant), new { })).BodyAsync(HttpStatusCode.Created);

        Assert.Equal(1, body.GetProperty("maxUses").GetInt32());
        Assert.InRange(body.GetProperty("expiresAt").GetDateTimeOffset() - TimeProvider.System.GetUtcNow(), TimeSpan.FromHours(23.9), TimeSpan.FromHours(24.1));
    }

    [Fact]
    public async Task Create_OutOfBounds_NamesEveryFault()
    {
        var response = await api.SendAsync(
            HttpMethod.Post, Tokens, api.Operator(_tenant),
            new { name = "", expiresInSeconds = 59, maxUses = 100_001, group = "no group" });
        Assert.Equal(["expiresInSeconds", "group", "maxUses", "name"], (await response.FaultsAsync()).Order());

        var more = await api.SendAsync(
            HttpMethod.Post, Tokens, api.Operator(_tenant), new { expiresInSeconds = (30 * 86400) + 1, maxUses = 0 });
        Assert.Equal(["expiresInSeconds", "maxUses"], (await more.FaultsAsync()).Order());
    }

    [Fact]
    public async Task List_ByPages_ShowsEachOnceNewestFirst()
    {
        List<Guid> made = [];
        for (var number = 0; number < 5; number++)
        {
            made.Add((await api.TokenAsync(_tenant)).Id);
        }

        List<Guid> seen = [];
        for (string? cursor = ""; cursor is not null;)
        {
            var page = await (await api.SendAsync(
                HttpMethod.Get, $"{Tokens}?limit=2{(cursor.Length > 0 ? $"&cursor={cursor}" : "")}", api.Operator(_tenant))).BodyAsync(HttpStatusCode.OK);
            seen.AddRange(page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("id").GetGuid()));
            cursor = page.GetProperty("nextCursor").GetString();
        }

        made.Reverse();
        Assert.Equal(made, seen);
    }

    [Theory]
    [InlineData("limit=0")]
    [InlineData("limit=1001")]
    [InlineData("limit=x")]
    [InlineData("cursor=abc")]
    public async Task List_WithBadPage_IsRefused(string query)
    {
        var response = await api.SendAsync(HttpMethod.Get, $"{Tokens}?{query}", api.Operator(_tenant));
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Fact]
    public async Task Revoke_Twice_TellsOnce()
    {
        var (id, _) = await api.TokenAsync(_tenant);

        Assert.Equal(HttpStatusCode.NoContent, (await RevokeAsync(id)).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await RevokeAsync(id)).StatusCode);

        await Eventually.Async(() => api.Events.Audit("enrollment_token.revoked", id).Count > 0, DeviceApi.Deadline);
        await EverythingSentAsync();
        Assert.Single(api.Events.Audit("enrollment_token.revoked", id));
        Assert.Equal(HttpStatusCode.NotFound, (await RevokeAsync(Guid.CreateVersion7())).StatusCode);
    }

    private Task<HttpResponseMessage> RevokeAsync(Guid id) => api.SendAsync(HttpMethod.Delete, $"{Tokens}/{id}", api.Operator(_tenant));

    private async Task<bool> IsStoredAsync(string token)
    {
        await using var source = NpgsqlDataSource.Create(api.Database);
        await using var command = source.CreateCommand(
            "SELECT count(*) FROM enrollment_tokens t WHERE position(@token in t::text) > 0 OR encode(t.hash, 'escape') = @token");
        command.Parameters.AddWithValue("token", token);
        return await command.ExecuteScalarAsync() is not 0L;
    }

    private Task EverythingSentAsync() => Eventually.Async(
        async () =>
        {
            await using var source = NpgsqlDataSource.Create(api.Database);
            await using var command = source.CreateCommand("SELECT count(*) FROM outbox WHERE payload LIKE @tenant");
            command.Parameters.AddWithValue("tenant", $"%{_tenant}%");
            return await command.ExecuteScalarAsync() is 0L;
        },
        DeviceApi.Deadline);

    [GeneratedRegex("^pet_[A-Za-z0-9_-]{43}$", RegexOptions.None, 1000)]
    private static partial Regex TokenShape();
}
