namespace DeviceService.Enrollment;

/// <summary>A proof of possession that has been accepted; kept until its time would refuse it anyway.</summary>
internal sealed class UsedProof
{
    public required string Thumbprint { get; init; }

    /// <summary><c>jti</c>.</summary>
    public required string ProofId { get; init; }

    public DateTimeOffset ExpiresAt { get; init; }
}
