namespace IdentityService.SecondFactor;

/// <summary>What a user's authenticator application and this service both know (RFC 6238).</summary>
internal sealed class Authenticator
{
    /// <summary>One for each user.</summary>
    public Guid UserId { get; init; }

    /// <summary>The shared secret, encrypted by <see cref="Keys.KeyEncryption"/>.</summary>
    public byte[] Secret { get; private set; } = [];

    /// <summary>The last time step of which a code was accepted; none of it or before is accepted any more.</summary>
    public long LastStep { get; private set; }

    /// <summary>UTC; when the secret was made.</summary>
    public DateTimeOffset CreatedAt { get; private set; }

    /// <summary>UTC; null while the user has not shown a code of it.</summary>
    public DateTimeOffset? ConfirmedAt { get; private set; }

    /// <summary>What its secret is encrypted for.</summary>
    public string Owner => $"authenticator:{UserId}";

    /// <summary>A new secret, which counts for nothing until it is confirmed.</summary>
    public void Begin(byte[] secret, DateTimeOffset now) => (Secret, LastStep, CreatedAt) = (secret, 0, now);

    /// <summary>The user has shown a code.</summary>
    public void Confirm(long step, DateTimeOffset now) => (LastStep, ConfirmedAt) = (step, now);
}
