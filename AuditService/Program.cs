using AuditService.Catalogue;
using AuditService.Completeness;
using AuditService.Compliance;
using AuditService.Data;
using AuditService.DeadLetters;
using AuditService.Evidence;
using AuditService.Evidence.Verifying;
using AuditService.Exporting;
using AuditService.Pushing;
using AuditService.Reading;
using AuditService.Recording;
using AuditService.Retention;
using AuditService.Statistics;
using AuditService.Subjects;
using ServiceDefaults.Authentication;
using ServiceDefaults.Data;
using ServiceDefaults.Idempotency;
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
builder.AddReading();
builder.AddRetention();
builder.AddCompleteness();
builder.AddStatistics();
builder.AddCompliance();
builder.AddPush();
builder.AddDeadLetters();
builder.Services.AddIdempotency();
builder.Services.AddValidation();

var app = builder.Build();
app.UseTenantOfCaller();
app.MapDefaultEndpoints();
app.MapServiceDocument();
app.MapAuditEndpoints();
app.MapCatalogueEndpoints();
app.MapEvidenceEndpoints();
app.MapCompletenessEndpoints();
app.MapStatisticsEndpoints();
app.MapComplianceEndpoints();
app.MapHoldEndpoints();
app.MapExportEndpoints();
app.MapSubjectEndpoints();
app.MapDeadLetterEndpoints();

await app.RunAsync();
return 0;
