using System.Net;
using System.Net.Http.Json;
using AuditService.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using ServiceDefaults.Data;
using ServiceDefaults.Idempotency;

namespace AuditService.Tests;

/// <summary>A legal hold that is placed again because nobody knows whether it was.</summary>
public sealed class RepeatingHoldsTests(RunningAudit audit)
{
    [Fact]
    public async Task Repeat_PlacingOfAHold_PlacesOne()
    {
        var tenant = RunningAudit.NewId();
        using var admin = audit.Visit(audit.Tokens.User(RunningAudit.NewId(), tenant, "audit:admin"));
        admin.DefaultRequestHeaders.Add(IdempotencyKey.Header, "once");

        using var first = await admin.PostAsJsonAsync("/api/v1/audit/holds", new { reason = "case 23" });
        using var again = await admin.PostAsJsonAsync("/api/v1/audit/holds", new { reason = "case 23" });
        using var other = await admin.PostAsJsonAsync("/api/v1/audit/holds", new { reason = "case 24" });

        var placed = (await first.BodyAsync(HttpStatusCode.Created)).GetRawText();
        Assert.False(first.Headers.Contains(IdempotencyKey.ReplayedHeader));
        Assert.Equal("true", again.Headers.GetValues(IdempotencyKey.ReplayedHeader).Single());
        Assert.Equal((placed, first.Headers.Location), ((await again.BodyAsync(HttpStatusCode.Created)).GetRawText(), again.Headers.Location));
        Assert.Equal("idempotency_key_reused", await other.ProblemAsync(HttpStatusCode.UnprocessableEntity));
        await using var scope = audit.Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<TenantScope>().Enter(tenant);
        Assert.Equal(1, await audit.Context(scope).Holds.CountAsync());
    }
}
