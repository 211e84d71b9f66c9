using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using DeviceService.Data;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Authentication;

namespace DeviceService.Enrollment;

/// <summary>An accepted proof of possession, to be used once.</summary>
internal sealed record KeyProof(string Thumbprint, string Id, DateTimeOffset ExpiresAt)
{
    /// <summary>The longest <c>jti</c>, in characters.</summary>
    public const int LongestId = 128;
}

/// <summary>What a proof must say for one purpose.</summary>
/// <param name="Type"><c>typ</c>: a proof for one purpose, or a token, is none for another (RFC 8725 section 3.11).</param>
/// <param name="Audiences"><c>aud</c> must be one of these.</param>
/// <param name="BoundBy">The claim that binds it to what it is used for.</param>
/// <param name="BoundTo">That claim's value.</param>
internal sealed record ProofExpectation(string Type, string[] Audiences, string BoundBy, string BoundTo);

/// <summary>
/// Proof of possession: a compact JWS, signed now, by the key that is presented with it, for this platform and this one
/// purpose. Without it anybody could enrol a key they have only read.
/// </summary>
internal sealed class KeyProofs(DeviceDbContext database, TimeProvider time)
{
    private const int ShortestId = 8;

    /// <summary>How far <c>iat</c> may be from now, either way: a new device's clock is often off.</summary>
    private static readonly TimeSpan Leeway = TimeSpan.FromMinutes(5);

    public bool TryRead(
        string text,
        DevicePublicKey key,
        ProofExpectation expected,
        [NotNullWhen(true)] out KeyProof? proof,
        [NotNullWhen(false)] out string? fault)
    {
        proof = null;
        if (!CompactJws.TryParse(text, out var jws))
        {
            fault = "The proof must be a compact JWS.";
            return false;
        }

        fault = Refusal(jws, key, expected);
        if (fault is not null)
        {
            return false;
        }

        proof = new KeyProof(key.Thumbprint, Text(jws.Payload, "jti")!, time.GetUtcNow() + Leeway + Leeway);
        return true;
    }

    /// <summary>Takes the proof in the current transaction; false when it was taken before.</summary>
    public async Task<bool> TryUseAsync(KeyProof proof, CancellationToken cancellationToken) =>
        await database.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO used_proofs (thumbprint, proof_id, expires_at)
            VALUES ({proof.Thumbprint}, {proof.Id}, {proof.ExpiresAt})
            ON CONFLICT DO NOTHING
            """,
            cancellationToken) == 1;

    private string? Refusal(CompactJws jws, DevicePublicKey key, ProofExpectation expected)
    {
        if (!string.Equals(jws.Type, expected.Type, StringComparison.OrdinalIgnoreCase))
        {
            return $"The proof's typ must be {expected.Type}.";
        }

        if (jws.Algorithm != key.Verification.Algorithm || !key.Verification.Verifies(jws))
        {
            return $"The proof must be signed by the presented key with {key.Verification.Algorithm}.";
        }

        if (Text(jws.Payload, "aud") is not { } audience || !expected.Audiences.Contains(audience, StringComparer.Ordinal))
        {
            return $"The proof's aud must be {expected.Audiences[0]}.";
        }

        // Compared as numbers: an iat beyond any calendar must not become a date.
        if (!jws.Payload.TryGetProperty("iat", out var issued) || issued.ValueKind != JsonValueKind.Number
            || !issued.TryGetInt64(out var seconds)
            || !(Math.Abs((decimal)seconds - time.GetUtcNow().ToUnixTimeSeconds()) <= (decimal)Leeway.TotalSeconds))
        {
            return "The proof's iat must be within five minutes of now.";
        }

        if (Text(jws.Payload, "jti") is not { Length: >= ShortestId and <= KeyProof.LongestId } id || id.Any(char.IsControl))
        {
            return $"The proof's jti must have {ShortestId} to {KeyProof.LongestId} characters.";
        }

        return Text(jws.Payload, expected.BoundBy) == expected.BoundTo
            ? null
            : $"The proof's {expected.BoundBy} does not fit this request.";
    }

    private static string? Text(JsonElement claims, string name) =>
        claims.TryGetProperty(name, out var claim) && claim.ValueKind == JsonValueKind.String ? claim.GetString() : null;
}
