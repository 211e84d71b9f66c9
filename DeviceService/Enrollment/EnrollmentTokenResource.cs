namespace DeviceService.Enrollment;

/// <summary>An enrolment token as the API shows it: never its text.</summary>
/// <param name="Uses">Devices that enrolled with it.</param>
/// <param name="RevokedAt">Null while it is not revoked.</param>
public sealed record EnrollmentTokenResource(
    Guid Id,
    string? Name,
    string? Group,
    bool RequiresApproval,
    int MaxUses,
    int Uses,
    string CreatedBy,
    DateTimeOffset CreatedAt,
    DateTimeOffset ExpiresAt,
    DateTimeOffset? RevokedAt)
{
    internal static EnrollmentTokenResource Of(EnrollmentToken token) => new(
        token.Id,
        token.Name,
        token.Group,
        token.RequiresApproval,
        token.MaxUses,
        token.Uses,
        token.CreatedBy,
        token.CreatedAt,
        token.ExpiresAt,
        token.RevokedAt);
}
