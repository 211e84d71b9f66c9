using System.Buffers.Text;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using DeviceService.Connectivity;
using DeviceService.Devices;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using ServiceDefaults.Authentication;

namespace DeviceService.Enrollment;

/// <summary>A device presents itself.</summary>
public sealed record EnrollDeviceRequest
{
    [Required]
    [StringLength(256, MinimumLength = 1)]
    public string? EnrollmentToken { get; init; }

    [Required]
    [PlainText(DeviceLimits.Name)]
    public string? Name { get; init; }

    /// <summary>Its public key as a JWK (RFC 7517): EC on P-256, or RSA from 2048 bits.</summary>
    [Required]
    public JsonElement? PublicKey { get; init; }

    /// <summary>A compact JWS of type <c>enroll+jwt</c> by that key: <c>aud iat jti</c>, and <c>ath</c>, the SHA-256 of the enrolment token in base64url.</summary>
    [Required]
    [StringLength(CompactJws.Longest, MinimumLength = 1)]
    public string? Proof { get; init; }

    /// <summary>Connectivity profile; <c>default</c> when left out.</summary>
    [Label(DeviceLimits.Profile)]
    public string? Profile { get; init; }

    [AttributeMap]
    public Dictionary<string, string>? Attributes { get; init; }
}

/// <summary>What the device needs from now on.</summary>
/// <param name="ClientId">For <c>private_key_jwt</c> at <paramref name="TokenEndpoint"/>; the same as the device's id.</param>
/// <param name="Status"><c>active</c>, or <c>pendingApproval</c>: no tokens before somebody approves.</param>
public sealed record EnrollDeviceResponse(
    Guid DeviceId,
    string ClientId,
    Guid TenantId,
    DeviceStatus Status,
    string TokenEndpoint,
    int HeartbeatIntervalSeconds);

internal sealed class EnrollDevice(
    EnrollmentAdmission admission,
    DeniedEnrolments denied,
    KeyProofs proofs,
    IOptions<ConnectivityOptions> connectivity,
    IOptions<AuthenticationOptions> authentication)
{
    public async Task<Results<Created<EnrollDeviceResponse>, ProblemHttpResult>> HandleAsync(
        EnrollDeviceRequest request, CancellationToken cancellationToken)
    {
        var profile = request.Profile ?? ConnectivityProfile.Default;
        if (!connectivity.Value.Profiles.TryGetValue(profile, out var intervals))
        {
            return EnrollmentProblems.UnknownProfile();
        }

        if (!DevicePublicKey.TryRead(request.PublicKey!.Value, out var key, out var fault))
        {
            return await denied.AnswerAsync(request, DeviceProblems.InvalidKey(fault), cancellationToken);
        }

        if (!proofs.TryRead(request.Proof!, key, ExpectedProof(request), out var proof, out fault))
        {
            return await denied.AnswerAsync(request, DeviceProblems.InvalidProof(fault), cancellationToken);
        }

        var (device, refusal) = await admission.AdmitAsync(request, profile, key, proof, cancellationToken);
        return refusal is null
            ? TypedResults.Created($"{DeviceEndpoints.Prefix}/{device!.Id}", Answer(device, intervals))
            : await denied.AnswerAsync(request, refusal, cancellationToken);
    }

    private string Issuer => authentication.Value.Issuer.TrimEnd('/');

    private ProofExpectation ExpectedProof(EnrollDeviceRequest request) => new(
        "enroll+jwt",
        [$"{Issuer}{EnrollmentEndpoints.Enroll}", authentication.Value.Issuer],
        "ath",
        Base64Url.EncodeToString(EnrollmentToken.HashOf(request.EnrollmentToken!)));

    private EnrollDeviceResponse Answer(Device device, ConnectivityProfile profile) => new(
        device.Id,
        device.Id.ToString(),
        device.TenantId,
        device.Status,
        $"{Issuer}/connect/token",
        (int)profile.Interval.TotalSeconds);
}
