using AuditService.Data;
using AuditService.Evidence;
using AuditService.Reading;
using AuditService.Recording;
using ServiceDefaults.Authentication;
using ServiceDefaults.Data;
using ServiceDefaults.OpenApi;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddServiceDocument("Audit");
builder.AddForwardedAddress();
builder.AddAccessTokens();
builder.AddDatabase<AuditDbContext>("auditdb");
builder.AddEvidence();
builder.AddRecording();
builder.Services.AddValidation();

var app = builder.Build();
app.UseTenantOfCaller();
app.MapDefaultEndpoints();
app.MapServiceDocument();
app.MapAuditEndpoints();
app.MapEvidenceEndpoints();

await app.RunAsync();
