using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using AuditService.Recording;

namespace AuditService.Evidence;

/// <summary>
/// The leaf of a record. What can be personal is not hashed with the rest: the leaf has the digest of a random salt and
/// of the personal part. When the personal part and the salt are erased the digest stays, so the leaf can still be made
/// from what is left, and nobody can find out by trying what was there.
/// </summary>
internal sealed class RecordLeaf
{
    /// <summary>Octets of a record's salt.</summary>
    public const int SaltSize = 16;

    private readonly CanonicalWriter _record = new();
    private readonly CanonicalWriter _personal = new();
    private bool _isFirst;

    /// <summary>The record in canonical form without its personal part, as of the last call of <see cref="Hash"/>.</summary>
    public ReadOnlySpan<byte> Record => _record.Written[1..];

    /// <summary>The personal part in canonical form, as of the last call of <see cref="Personal"/>.</summary>
    public ReadOnlySpan<byte> PersonalPart => _personal.Written[SaltSize..];

    /// <summary>Leaf hash of the record.</summary>
    /// <param name="row">As it is in the table.</param>
    /// <param name="salt">Of <see cref="SaltSize"/> octets.</param>
    public byte[] Hash(AuditRow row, ReadOnlySpan<byte> salt) => HashErased(row, Personal(row, salt));

    /// <summary>Leaf hash of a record whose personal part is known by its digest alone.</summary>
    public byte[] HashErased(AuditRow row, ReadOnlySpan<byte> personal)
    {
        // The prefix of RFC 9162 first: the whole is hashed from where it was written.
        _record.Clear();
        _record.Raw([MerkleHash.LeafPrefix]);
        Begin(_record);
        Member(_record, "action", row.Action);
        Member(_record, "actorId", row.ActorId);
        Member(_record, "actorKind", row.ActorKind);
        Number(_record, "durationMs", row.DurationMs);
        Member(_record, "id", row.Id.ToString());
        Marks(row.Marks);
        Member(_record, "method", row.Method);
        Member(_record, "occurredAt", Time(row.OccurredAt));
        Member(_record, "personal", Convert.ToHexStringLower(personal));
        Member(_record, "receivedAt", Time(row.ReceivedAt));
        Member(_record, "requestId", row.RequestId);
        Member(_record, "resourceId", row.ResourceId);
        Member(_record, "resourceType", row.ResourceType);
        Member(_record, "result", row.Result);
        Member(_record, "route", row.Route);
        Member(_record, "severity", row.Severity);
        Number(_record, "status", row.Status);
        Member(_record, "tenantId", row.TenantId?.ToString());
        Member(_record, "traceId", row.TraceId);
        _record.Raw("}"u8);
        return SHA256.HashData(_record.Written);
    }

    /// <summary>Digest of the personal part.</summary>
    public byte[] Personal(AuditRow row, ReadOnlySpan<byte> salt)
    {
        _personal.Clear();
        _personal.Raw(salt);
        Begin(_personal);
        Member(_personal, "actorName", row.ActorName);
        Member(_personal, "address", row.Address?.ToString());
        Document("after", row.After);
        Document("before", row.Before);
        Document("detail", row.Detail);
        Member(_personal, "path", row.Path);
        Member(_personal, "sessionId", row.SessionId);
        Member(_personal, "userAgent", row.UserAgent);
        _personal.Raw("}"u8);
        return SHA256.HashData(_personal.Written);
    }

    private static string Time(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    private void Begin(CanonicalWriter writer)
    {
        writer.Raw("{"u8);
        _isFirst = true;
    }

    private void Name(CanonicalWriter writer, string name)
    {
        writer.Raw(_isFirst ? [] : ","u8);
        _isFirst = false;
        writer.Text(name);
        writer.Raw(":"u8);
    }

    private void Member(CanonicalWriter writer, string name, string? value)
    {
        if (value is not null)
        {
            Name(writer, name);
            writer.Text(value);
        }
    }

    private void Number(CanonicalWriter writer, string name, double? value)
    {
        if (value is { } number)
        {
            Name(writer, name);
            writer.Raw(Encoding.ASCII.GetBytes(CanonicalNumber.Of(number)));
        }
    }

    private void Marks(string[] marks)
    {
        Name(_record, "marks");
        _record.Raw("["u8);
        for (var at = 0; at < marks.Length; at++)
        {
            _record.Raw(at == 0 ? [] : ","u8);
            _record.Text(marks[at]);
        }

        _record.Raw("]"u8);
    }

    private void Document(string name, string? json)
    {
        if (json is not null)
        {
            Name(_personal, name);
            using var document = JsonDocument.Parse(json);
            _personal.Value(document.RootElement);
        }
    }
}
