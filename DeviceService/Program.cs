using DeviceService.Connectivity;
using DeviceService.Data;
using DeviceService.Devices;
using DeviceService.Enrollment;
using DeviceService;
using ServiceDefaults.Authentication;
using ServiceDefaults.Data;
using ServiceDefaults.Idempotency;
using ServiceDefaults.OpenApi;

var builder = WebApplication.CreateBuilder(args);

builder.AddServiceDefaults();
builder.AddServiceDocument("Device");
builder.AddForwardedAddress();
builder.AddAccessTokens();
builder.AddDatabase<DeviceDbContext>("devicedb");
builder.AddDeviceMessaging();
builder.AddDevices();
builder.AddEnrollment();
builder.AddConnectivity();
builder.Services.AddIdempotency();
builder.Services.AddValidation();

var app = builder.Build();

app.UseTenantOfCaller();
app.MapDefaultEndpoints();
app.MapServiceDocument();
app.MapEnrollmentEndpoints();
app.MapDeviceEndpoints();
app.MapConnectivityEndpoints();

await app.RunAsync();
