using AuditService.Data;
using AuditService.DeadLetters;
using AuditService.Evidence;
using AuditService.Evidence.Verifying;
using AuditService.Exporting;
using AuditService.Reading;
using AuditService.Recording;
using AuditService.Retention;
using AuditService.Subjects;
using ServiceDefaults.Authentication;
using ServiceDefaults.Data;
using ServiceDefaults.OpenApi;

if (args is [OfflineVerifier.Command, .. var files])
{
    return OfflineVerifier.Run(files, Console.Out);
}

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddServiceDocument("Audit");
builder.AddForwardedAddress();
builder.AddAccessTokens();
builder.AddDatabase<AuditDbContext>("auditdb");
builder.AddEvidence();
builder.AddRecording();
builder.AddRetention();
builder.AddDeadLetters();
builder.Services.AddValidation();

var app = builder.Build();
app.UseTenantOfCaller();
app.MapDefaultEndpoints();
app.MapServiceDocument();
app.MapAuditEndpoints();
app.MapEvidenceEndpoints();
app.MapHoldEndpoints();
app.MapExportEndpoints();
app.MapSubjectEndpoints();
app.MapDeadLetterEndpoints();

await app.RunAsync();
return 0;
