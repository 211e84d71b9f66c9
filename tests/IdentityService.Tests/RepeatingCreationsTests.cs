using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using System.Text.Json;
using IdentityService.Accounts;
using IdentityService.ClientRegistration;
using IdentityService.TenantAdministration;
using IdentityService.Tests.Support;
using IdentityService.UserAdministration;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Idempotency;

namespace IdentityService.Tests;

public sealed class RepeatingCreationsTests(IdentityApi api)
{
    [Fact]
    public async Task Repeat_CreationOfAnApiKey_GivesTheSameKeyAndMakesOne()
    {
        var creation = OneCreation.OfApiKey(await api.SignedInAsync());

        var first = await creation.SendAsync(api.Http);
        var again = await creation.SendAsync(api.Http);

        Assert.Equal(HttpStatusCode.Created, first.Status);
        Assert.False(first.Replayed);
        Assert.Equal(first with { Replayed = true }, again);
        Assert.Equal(1, await creation.KeysMadeAsync(api.Host));
        var id = JsonDocument.Parse(first.Body).RootElement.GetProperty("details").Text("id");
        using var revoked = await creation.Caller.RevokeKeyAsync(id);
        await api.Events.AuditAsync("api_key.revoked", id); // of the same aggregate: a second record would have come before it
        await api.Events.AuditAsync("api_key.created", id);
    }

    [Theory]
    [InlineData(UserEndpoints.Path)]
    [InlineData(TenantEndpoints.Path)]
    [InlineData(ClientEndpoints.Path)]
    public async Task Repeat_CreationByAnAdministrator_GivesTheSameAnswer(string path)
    {
        var name = $"r{Guid.CreateVersion7():N}"[..28];
        object body = path switch
        {
            UserEndpoints.Path => new { username = name, email = $"{name}@platform.test" },
            TenantEndpoints.Path => new { name },
            _ => new { name, authentication = "secret", grantTypes = new[] { "client_credentials" }, scopes = new[] { "devices:read" } },
        };
        var creation = new OneCreation(await api.SignedInAsync(Role.PlatformAdmin), path, body);

        var first = await creation.SendAsync(api.Http);
        var again = await creation.SendAsync(api.Http);

        Assert.Equal(HttpStatusCode.Created, first.Status);
        Assert.NotNull(first.Tag);
        Assert.Equal(first with { Replayed = true }, again);
    }

    [Fact]
    public async Task Repeat_WithoutAKey_MakesTwo()
    {
        var owner = await api.SignedInAsync();

        await owner.CreateKeyAsync(["identity:self"]);
        await owner.CreateKeyAsync(["identity:self"]);

        Assert.Equal(2, await OneCreation.OfApiKey(owner).KeysMadeAsync(api.Host));
    }

    [Fact]
    public async Task Send_AnotherRequestUnderTheKey_IsRefusedAndMakesNothing()
    {
        var creation = OneCreation.OfApiKey(await api.SignedInAsync());
        await creation.SendAsync(api.Http);

        using var other = await (creation with { Body = new { name = "other", scopes = new[] { "identity:self" } } }).TrySendAsync(api.Http);
        var reworded = await (creation with { Body = """{ "scopes" : ["identity:self"], "rateLimit": null, "name":"builds" }""" }).SendAsync(api.Http);

        Assert.Equal("idempotency_key_reused", await other.ProblemAsync(HttpStatusCode.UnprocessableEntity));
        Assert.True(reworded.Replayed, reworded.Body);
        Assert.Equal(1, await creation.KeysMadeAsync(api.Host));
    }

    [Fact]
    public async Task Send_KeyOfSomebodyElse_IsAKeyOfOnesOwn()
    {
        var one = OneCreation.OfApiKey(await api.SignedInAsync());
        var other = OneCreation.OfApiKey(await api.SignedInAsync()) with { Key = one.Key };
        var elsewhere = new OneCreation(await api.SignedInAsync(Role.PlatformAdmin), TenantEndpoints.Path, new { name = one.Key }) { Key = one.Key };

        var answers = new[] { await one.SendAsync(api.Http), await other.SendAsync(api.Http), await elsewhere.SendAsync(api.Http) };

        Assert.All(answers, answer => Assert.False(answer.Replayed));
        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.Created, answer.Status));
        Assert.NotEqual(answers[0].Body, answers[1].Body);
    }

    [Fact]
    public async Task Repeat_WhatWasRefused_IsTriedAnew()
    {
        var admin = await api.SignedInAsync(Role.PlatformAdmin);
        var name = Guid.CreateVersion7().ToString("N");
        var holder = await (new OneCreation(admin, TenantEndpoints.Path, new { name })).SendAsync(api.Http);
        var creation = new OneCreation(admin, TenantEndpoints.Path, new { name });

        using var taken = await creation.TrySendAsync(api.Http);
        using var faulty = await (creation with { Body = new { name = "" } }).TrySendAsync(api.Http);
        using var renamed = await IdentityApi.SendAsync(
            api.Http, HttpMethod.Put, holder.Location!, admin.AccessToken, new { name = $"was {name}" }, holder.Tag);
        var created = await creation.SendAsync(api.Http);

        Assert.Equal("tenant_name_taken", await taken.ProblemAsync(HttpStatusCode.Conflict));
        Assert.Equal(["name"], await faulty.FaultsAsync());
        Assert.Equal(HttpStatusCode.OK, renamed.StatusCode);
        Assert.Equal((HttpStatusCode.Created, false), (created.Status, created.Replayed));
    }

    [Fact]
    public async Task Repeat_WithoutARecentSecondFactor_IsRefusedAsTheFirstWouldBe()
    {
        var creation = new OneCreation(
            await api.SignedInAsync(Role.Admin),
            ClientEndpoints.Path,
            new { name = "r", authentication = "secret", grantTypes = new[] { "client_credentials" }, scopes = new[] { "devices:read" } });
        await creation.SendAsync(api.Http);
        await api.Host.QueryAsync(db => db.Database.ExecuteSqlAsync(
            $"UPDATE sessions SET authenticated_at = now() - interval '1 day' WHERE id = {creation.Caller.SessionId}"));

        using var again = await creation.TrySendAsync(api.Http);

        Assert.Equal("insufficient_user_authentication", await again.ProblemAsync(HttpStatusCode.Unauthorized));
    }

    [Theory]
    [InlineData("\"unclosed")]
    [InlineData("one", "two")]
    public async Task Send_MalformedKey_IsRefusedAndMakesNothing(params string[] keys)
    {
        var creation = OneCreation.OfApiKey(await api.SignedInAsync());

        using var refused = await creation.TrySendAsync(api.Http, keys);

        Assert.Equal("idempotency_key_malformed", await refused.ProblemAsync(HttpStatusCode.BadRequest));
        Assert.Equal(0, await creation.KeysMadeAsync(api.Host));
    }

    [Fact]
    public async Task Repeat_Creation_IsCountedByRouteAndSaidOnTheSpan()
    {
        var trace = ActivityTraceId.CreateRandom();
        ConcurrentQueue<string?> counted = [], told = [];
        using var meters = new MeterListener();
        meters.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name == "platform.idempotency.requests")
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        meters.SetMeasurementEventCallback<long>((_, _, tags, _) => counted.Enqueue(string.Join(' ', tags.ToArray().Select(tag => tag.Value))));
        meters.Start();
        using var spans = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == "Microsoft.AspNetCore",
            ActivityStopped = span => told.Enqueue(span.TraceId == trace ? (string?)span.GetTagItem("platform.idempotency.outcome") : null),
        };
        ActivitySource.AddActivityListener(spans);
        var creation = OneCreation.OfApiKey(await api.SignedInAsync());

        await creation.SendAsync(api.Http);
        using var http = api.Host.CreateClient();
        http.DefaultRequestHeaders.Add("traceparent", $"00-{trace}-{ActivitySpanId.CreateRandom()}-01");
        await creation.SendAsync(http);

        Assert.Contains("/api/v1/auth/api-keys/ done", counted);
        Assert.Contains("/api/v1/auth/api-keys/ replayed", counted);
        await Eventually.TrueAsync(() => Task.FromResult(told.Contains("replayed"))); // the span ends after the answer
    }

    [Fact]
    public async Task Describe_Service_NamesTheHeaderWhereItIsAccepted()
    {
        using var document = JsonDocument.Parse(await api.Http.GetStringAsync("/openapi/v1.json"));

        var accepting = document.RootElement.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject())
            .Where(one => one.Value.TryGetProperty("parameters", out var all) && all.EnumerateArray().Any(parameter =>
                parameter.Text("name") == IdempotencyKey.Header && parameter.Text("in") == "header"))
            .Select(one => one.Value.Text("operationId"));

        Assert.Equal(["CreateApiKey", "CreateClient", "CreateTenant", "CreateUser"], accepting.Order(StringComparer.Ordinal));
    }
}
