using Microsoft.AspNetCore.Http.HttpResults;
using ServiceDefaults.Problems;

namespace DeviceService.Devices;

internal static class DeviceProblems
{
    public static ProblemHttpResult NotFound() => Problem.NotFound("There is no such device.");

    public static ProblemHttpResult KeyInUse(Guid? deviceId = null) => Problem.Of(
        StatusCodes.Status409Conflict,
        "device_key_in_use",
        "The public key belongs, or belonged, to a device. Enrol with a new key.",
        deviceId is { } id ? [new("deviceId", id)] : null);

    public static ProblemHttpResult InvalidKey(string reason) =>
        Problem.Of(StatusCodes.Status400BadRequest, "invalid_public_key", reason);

    public static ProblemHttpResult InvalidProof(string reason) =>
        Problem.Of(StatusCodes.Status400BadRequest, "invalid_proof", reason);

    public static ProblemHttpResult NotPending() => Problem.Of(
        StatusCodes.Status409Conflict, "device_not_pending", "The device does not wait for approval.");

    public static ProblemHttpResult NotActive() => Problem.Of(
        StatusCodes.Status409Conflict, "device_not_active", "Only an active device can do this.");

    public static ProblemHttpResult Decommissioned() => Problem.Of(
        StatusCodes.Status409Conflict, "device_decommissioned", "The device has left the fleet and cannot be changed.");

    public static ProblemHttpResult Changed() => Problem.Of(
        StatusCodes.Status412PreconditionFailed,
        ProblemCodes.PreconditionFailed,
        "The device has changed since you read it. Read it again and repeat the change.");

    public static ProblemHttpResult VersionRequired() => Problem.Of(
        StatusCodes.Status428PreconditionRequired,
        ProblemCodes.PreconditionRequired,
        "Send If-Match with the ETag of the device as you read it.");
}
