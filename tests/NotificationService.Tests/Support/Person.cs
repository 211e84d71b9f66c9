using Microsoft.Extensions.Options;
using ServiceDefaults.Contracts;
using ServiceDefaults.Messaging;

namespace NotificationService.Tests.Support;

/// <summary>Somebody with an account, in a tenant of their own unless the test says otherwise.</summary>
internal sealed record Person(Guid Id, Guid Tenant, string Name, string Email)
{
    public static Guid NewId() => Guid.CreateVersion7(TimeProvider.System.GetUtcNow());

    public static Person New(string name = "Ada", Guid? tenant = null, string? email = null)
    {
        var id = NewId();
        return new Person(id, tenant ?? NewId(), name, email ?? $"{id:N}@people.example");
    }

    public UserRegistered Registered() => new(Envelope(), Id, Name, Email);

    public PasswordChanged ChangedPassword(string? address = "203.0.113.7") => new(Envelope() with { Address = address }, Id, Name, Email);

    public EmailChanged ChangedEmail(string email) => new(Envelope(), Id, Name, Email, email);

    public UserDeleted Deleted() => new(Envelope(), Id);

    /// <summary>A link as the identity service seals it.</summary>
    public AccountLinkIssued Link(AccountLinkKind kind, string key, string link)
    {
        var seal = new EventSeal(Options.Create(new SealingOptions { Key = key }));
        return new(Envelope(), kind, Id, Name, Email, seal.Seal(link, Id), TimeProvider.System.GetUtcNow().AddDays(1));
    }

    private EventEnvelope Envelope()
    {
        var now = TimeProvider.System.GetUtcNow();
        return new EventEnvelope(
            NewId(), now, Tenant, new Actor(ActorKind.User, Id.ToString(), Name), null, "203.0.113.7", "curl/8", null);
    }
}
