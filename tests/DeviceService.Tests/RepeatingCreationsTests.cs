using System.Net;
using DeviceService.Data;
using DeviceService.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using ServiceDefaults.Data;
using ServiceDefaults.Idempotency;

namespace DeviceService.Tests;

/// <summary>An enrolment token that is asked for again because nobody knows whether it was made.</summary>
public sealed class RepeatingCreationsTests(DeviceApi api)
{
    private readonly Guid _tenant = DeviceApi.NewTenant();

    [Fact]
    public async Task Repeat_CreationOfAToken_GivesTheSameTokenAndStoresItSealed()
    {
        var person = api.Operator(_tenant);

        using var first = await CreateAsync(person, new { maxUses = 2 });
        using var again = await CreateAsync(person, new { maxUses = 2 });
        using var other = await CreateAsync(person, new { maxUses = 3 });

        var body = await first.BodyAsync(HttpStatusCode.Created);
        Assert.False(first.Headers.Contains(IdempotencyKey.ReplayedHeader));
        Assert.Equal("true", again.Headers.GetValues(IdempotencyKey.ReplayedHeader).Single());
        Assert.Equal(body.GetRawText(), (await again.BodyAsync(HttpStatusCode.Created)).GetRawText());
        Assert.Equal((first.Headers.Location, true), (again.Headers.Location, again.Headers.CacheControl!.NoStore));
        Assert.Equal("idempotency_key_reused", await other.ProblemAsync(HttpStatusCode.UnprocessableEntity));
        Assert.Equal(1, await AskAsync(db => db.EnrollmentTokens.CountAsync()));
        var kept = await AskAsync(db => db.Set<IdempotencyRecord>().SingleAsync());
        Assert.DoesNotContain("Location", System.Text.Encoding.Latin1.GetString(kept.Answer), StringComparison.Ordinal); // not sealed, it would be read
    }

    [Fact]
    public async Task Send_KeyOfSomebodyElse_IsAKeyOfOnesOwn()
    {
        using var one = await CreateAsync(api.Operator(_tenant), new { });
        using var other = await CreateAsync(api.Operator(_tenant), new { });

        Assert.NotEqual((await one.BodyAsync(HttpStatusCode.Created)).Text("token"), (await other.BodyAsync(HttpStatusCode.Created)).Text("token"));
    }

    private async Task<HttpResponseMessage> CreateAsync(string person, object wish)
    {
        using var request = DeviceApi.Request(HttpMethod.Post, "/api/v1/devices/enrollment-tokens", person, wish);
        request.Headers.TryAddWithoutValidation(IdempotencyKey.Header, "\"once\"");
        return await api.Http.SendAsync(request);
    }

    /// <summary>As somebody of the tenant sees the database.</summary>
    private async Task<T> AskAsync<T>(Func<DeviceDbContext, Task<T>> question)
    {
        await using var scope = api.Host.Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<TenantScope>().Enter(_tenant);
        return await question(scope.ServiceProvider.GetRequiredService<DeviceDbContext>());
    }
}
