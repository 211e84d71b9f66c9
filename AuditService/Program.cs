using AuditService.Data;
using AuditService.Reading;
using AuditService.Recording;
using ServiceDefaults.Authentication;
using ServiceDefaults.Data;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddForwardedAddress();
builder.AddAccessTokens();
builder.AddDatabase<AuditDbContext>("auditdb");
builder.AddRecording();
builder.Services.AddValidation();

var app = builder.Build();
app.UseTenantOfCaller();
app.MapDefaultEndpoints();
app.MapAuditEndpoints();

await app.RunAsync();
