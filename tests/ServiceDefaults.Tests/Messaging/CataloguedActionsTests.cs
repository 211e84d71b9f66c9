using ServiceDefaults.Contracts;
using ServiceDefaults.Messaging;

namespace ServiceDefaults.Tests.Messaging;

/// <summary>What the audit log is told is what the catalogue says: no service can write anything else.</summary>
public sealed class CataloguedActionsTests
{
    [Fact]
    public void Record_AsTheCatalogueHasIt_GoesIntoTheOutbox() =>
        Assert.Equal(nameof(AuditRecorded), OutboxMessage.From(Record("user.deleted", AuditSeverity.Warning), "a").Type);

    [Fact]
    public void Record_WithAnotherSeverity_IsRefused() => Assert.Equal(
        "The catalogue of actions has 'user.deleted' with severity Warning, not Info.",
        Assert.Throws<InvalidOperationException>(() => OutboxMessage.From(Record("user.deleted", AuditSeverity.Info), "a")).Message);

    [Fact]
    public void Record_OfAnActionThatTheCatalogueHasNot_IsRefused() => Assert.Equal(
        "The catalogue of actions has no 'rocket.launched'.",
        Assert.Throws<InvalidOperationException>(() => OutboxMessage.From(Record("rocket.launched", AuditSeverity.Info), "a")).Message);

    private static AuditRecorded Record(string action, AuditSeverity severity)
    {
        var now = TimeProvider.System.GetUtcNow();
        return new AuditRecorded(
            new EventEnvelope(Guid.CreateVersion7(now), now, Tenants.Default, Actor.System("test"), null, null, null, null),
            action, "user", null, severity, AuditResult.Success);
    }
}
