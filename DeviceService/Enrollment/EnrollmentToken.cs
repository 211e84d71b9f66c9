using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using ServiceDefaults.Data;

namespace DeviceService.Enrollment;

/// <summary>Lets a number of devices into a tenant for a while. The token itself is never stored, only its SHA-256.</summary>
internal sealed class EnrollmentToken : ITenantOwned
{
    /// <summary>Makes a leaked token findable by scanners and readable by people.</summary>
    public const string Prefix = "pet_";

    private const int RandomOctets = 32;

    private EnrollmentToken()
    {
    }

    public Guid Id { get; private init; }

    public Guid TenantId { get; private init; }

    public string? Name { get; private init; }

    /// <summary>32 random octets need no salt and no slow hash: they can't be guessed.</summary>
    public byte[] Hash { get; private init; } = [];

    public string? Group { get; private init; }

    public bool RequiresApproval { get; private init; }

    public int MaxUses { get; private init; }

    /// <summary>Raised by the database alone, in <see cref="EnrollDevice"/>.</summary>
    public int Uses { get; private init; }

    public string CreatedBy { get; private init; } = "";

    public DateTimeOffset CreatedAt { get; private init; }

    public DateTimeOffset ExpiresAt { get; private init; }

    public DateTimeOffset? RevokedAt { get; private init; }

    /// <summary>A new one, and the only copy of its text.</summary>
    public static (EnrollmentToken Token, string Text) Create(
        Guid tenantId, CreateEnrollmentTokenRequest request, string createdBy, DateTimeOffset now)
    {
        var text = Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(RandomOctets));
        var token = new EnrollmentToken
        {
            Id = Guid.CreateVersion7(now),
            TenantId = tenantId,
            Name = request.Name,
            Hash = HashOf(text),
            Group = request.Group,
            RequiresApproval = request.RequiresApproval ?? false,
            MaxUses = request.MaxUses ?? 1,
            CreatedBy = createdBy,
            CreatedAt = now,
            ExpiresAt = now.AddSeconds(request.ExpiresInSeconds ?? CreateEnrollmentTokenRequest.DefaultLife),
        };
        return (token, text);
    }

    public static byte[] HashOf(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
