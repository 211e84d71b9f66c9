using System.Text.Json;
using AuditService.Exporting;
using AuditService.Tests.Support;

namespace AuditService.Tests;

public sealed class OcsfTests(RunningAudit audit)
{
    private readonly Guid _tenant = RunningAudit.NewId();

    [Theory]
    [InlineData("api.request", "POST", 6003_01)]
    [InlineData("api.request", "GET", 6003_02)]
    [InlineData("api.request", "PATCH", 6003_03)]
    [InlineData("api.request", "DELETE", 6003_04)]
    [InlineData("api.request", "OPTIONS", 6003_99)]
    [InlineData("user.login", null, 3002_01)]
    [InlineData("user.login_failed", null, 3002_01)]
    [InlineData("user.logout", null, 3002_02)]
    [InlineData("token.reuse_detected", null, 3002_99)]
    [InlineData("session.revoked", null, 3002_99)]
    [InlineData("user.registered", null, 3001_01)]
    [InlineData("user.password_changed", null, 3001_03)]
    [InlineData("user.disabled", null, 3001_05)]
    [InlineData("user.deleted", null, 3001_06)]
    [InlineData("user.roles_changed", null, 3001_99)]
    [InlineData("device.enrolled", null, 3004_01)]
    [InlineData("audit.read", null, 3004_02)]
    [InlineData("device.updated", null, 3004_03)]
    [InlineData("enrollment_token.revoked", null, 3004_04)]
    [InlineData("something.of_the_future", null, 3004_99)]
    public void Action_OfAnyKind_HasItsTypeInTheSchema(string action, string? method, int type) => Assert.Equal(type, OcsfClass.Of(action, method).Type);

    [Fact]
    public async Task Export_AsOcsf_HasWhatTheSchemaAsksFor()
    {
        await audit.PublishAsync(Told.Requests(_tenant, 1, 403));
        await audit.WaitForLinesAsync(_tenant, 1);
        using var auditor = audit.VisitAsAuditor(_tenant);
        var told = JsonDocument.Parse(await auditor.GetStringAsync("/api/v1/audit/export?format=ocsf&action=api.request")).RootElement;
        Assert.Equal((6003, 6, 2, 600302), (Number(told, "class_uid"), Number(told, "category_uid"), Number(told, "activity_id"), Number(told, "type_uid")));
        Assert.Equal((2, 2), (Number(told, "severity_id"), Number(told, "status_id")));
        Assert.Equal("2001:db8::1", told.GetProperty("src_endpoint").GetProperty("ip").GetString());
        Assert.Equal("actor-1", told.GetProperty("actor").GetProperty("user").GetProperty("uid").GetString());
        Assert.Equal("GET", told.GetProperty("http_request").GetProperty("http_method").GetString());
        Assert.Equal(403, told.GetProperty("http_response").GetProperty("code").GetInt32());
        Assert.Equal("devices", told.GetProperty("api").GetProperty("operation").GetString());
        Assert.False(told.TryGetProperty("entity", out _));
        Assert.True(told.GetProperty("metadata").GetProperty("sequence").GetInt64() >= 0);
        using var refused = await auditor.GetAsync("/api/v1/audit/export?format=xml");
        Assert.Equal(System.Net.HttpStatusCode.BadRequest, refused.StatusCode);
    }

    private static int Number(JsonElement told, string name) => told.GetProperty(name).GetInt32();
}
