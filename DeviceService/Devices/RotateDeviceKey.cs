using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using DeviceService.Data;
using DeviceService.Enrollment;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;
using ServiceDefaults.Messaging;

namespace DeviceService.Devices;

/// <summary>The new key, and the proof that the device holds it. The access token proves that it held the old one.</summary>
public sealed record RotateDeviceKeyRequest
{
    /// <summary>The new public key as a JWK.</summary>
    [Required]
    public JsonElement? PublicKey { get; init; }

    /// <summary>A compact JWS of type <c>rotate+jwt</c> by the new key: <c>aud sub iat jti</c>.</summary>
    [Required]
    [StringLength(CompactJws.Longest, MinimumLength = 1)]
    public string? Proof { get; init; }
}

/// <summary>The key that counts from now on.</summary>
public sealed record RotateDeviceKeyResponse(Guid DeviceId, string KeyThumbprint);

internal sealed class RotateDeviceKey(
    DeviceDbContext database, Caller caller, KeyProofs proofs, IOptions<AuthenticationOptions> authentication, TimeProvider time)
{
    public async Task<Results<Ok<RotateDeviceKeyResponse>, ProblemHttpResult>> HandleAsync(
        Guid id, RotateDeviceKeyRequest request, CancellationToken cancellationToken)
    {
        if (caller.Subject != id.ToString())
        {
            return DeviceProblems.NotFound();
        }

        if (!DevicePublicKey.TryRead(request.PublicKey!.Value, out var key, out var fault))
        {
            return DeviceProblems.InvalidKey(fault);
        }

        if (!proofs.TryRead(request.Proof!, key, Expected(id), out var proof, out fault))
        {
            return DeviceProblems.InvalidProof(fault);
        }

        await using var transaction = await database.Database.BeginTransactionAsync(cancellationToken);
        if (await database.LockDeviceAsync(id, cancellationToken) is not { } device)
        {
            return DeviceProblems.NotFound();
        }

        if (!await proofs.TryUseAsync(proof, cancellationToken))
        {
            return DeviceProblems.InvalidProof("The proof has been used before.");
        }

        var before = DeviceAudit.Snapshot(device);
        if (!device.TryTakeKey(key.Thumbprint, time.GetUtcNow()))
        {
            return DeviceProblems.NotActive();
        }

        Record(device, key, before);
        try
        {
            await database.SaveChangesAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }
        catch (DbUpdateException refused) when (DeviceMapping.IsKeyInUse(refused))
        {
            return DeviceProblems.KeyInUse();
        }

        return TypedResults.Ok(new RotateDeviceKeyResponse(id, key.Thumbprint));
    }

    private ProofExpectation Expected(Guid id) => new(
        "rotate+jwt",
        [$"{authentication.Value.Issuer.TrimEnd('/')}{DeviceEndpoints.Prefix}/{id}/keys"],
        "sub",
        id.ToString());

    private void Record(Device device, DevicePublicKey key, JsonElement before)
    {
        database.DeviceKeys.Add(key.OwnedBy(device, time.GetUtcNow()));
        database.AddEvent(
            new DeviceEnrolled(caller.Envelope(), device.Id, device.Name, key.Jwk, key.Thumbprint), device.Id);
        database.AddDeviceAudit(caller.Envelope(), "device.key_rotated", device, AuditSeverity.Notice, before);
    }
}
