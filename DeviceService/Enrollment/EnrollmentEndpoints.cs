using DeviceService.Devices;
using ServiceDefaults.Authentication;
using ServiceDefaults.Idempotency;

namespace DeviceService.Enrollment;

internal static class EnrollmentEndpoints
{
    public const string Tokens = $"{DeviceEndpoints.Prefix}/enrollment-tokens";
    public const string Enroll = $"{DeviceEndpoints.Prefix}/enroll";

    public static void AddEnrollment(this IHostApplicationBuilder builder)
    {
        builder.Services.AddScoped<CreateEnrollmentToken>();
        builder.Services.AddScoped<ListEnrollmentTokens>();
        builder.Services.AddScoped<RevokeEnrollmentToken>();
        builder.Services.AddScoped<KeyProofs>();
        builder.Services.AddScoped<EnrollmentAdmission>();
        builder.Services.AddScoped<DeniedEnrolments>();
        builder.Services.AddScoped<EnrollDevice>();
        builder.Services.AddScoped<DecideEnrollment>();
    }

    public static void MapEnrollmentEndpoints(this IEndpointRouteBuilder routes)
    {
        var tokens = routes.MapGroup(Tokens).RequireScope(Scopes.DevicesWrite).WithTags("Enrollment");

        tokens.MapPost("/", (CreateEnrollmentToken create, CreateEnrollmentTokenRequest request, HttpResponse response, CancellationToken stop) =>
            create.HandleAsync(request, response, stop)).AcceptIdempotencyKey().WithName("CreateEnrollmentToken");
        tokens.MapGet("/", (ListEnrollmentTokens list, [AsParameters] ListEnrollmentTokensQuery query, CancellationToken stop) =>
            list.HandleAsync(query, stop)).WithName("ListEnrollmentTokens");
        tokens.MapGet("/{id:guid}", (ListEnrollmentTokens list, Guid id, CancellationToken stop) =>
            list.GetAsync(id, stop)).WithName("GetEnrollmentToken");
        tokens.MapDelete("/{id:guid}", (RevokeEnrollmentToken revoke, Guid id, CancellationToken stop) =>
            revoke.HandleAsync(id, stop)).WithName("RevokeEnrollmentToken");

        // The enrolment token and the proof are the credentials; the gateway limits the rate.
        routes.MapPost(Enroll, (EnrollDevice enroll, EnrollDeviceRequest request, CancellationToken stop) =>
            enroll.HandleAsync(request, stop)).AllowAnonymous().WithTags("Enrollment").WithName("EnrollDevice");

        var pending = routes.MapGroup($"{DeviceEndpoints.Prefix}/{{id:guid}}").RequireScope(Scopes.DevicesWrite).WithTags("Enrollment");

        pending.MapPost("/approve", (DecideEnrollment decide, Guid id, HttpResponse response, CancellationToken stop) =>
            decide.HandleAsync(id, approve: true, response, stop)).WithName("ApproveDevice");
        pending.MapPost("/reject", (DecideEnrollment decide, Guid id, HttpResponse response, CancellationToken stop) =>
            decide.HandleAsync(id, approve: false, response, stop)).WithName("RejectDevice");
    }
}
