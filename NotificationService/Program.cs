using NotificationService.Data;
using NotificationService.Delivery;
using NotificationService.Inbox;
using NotificationService.Queue;
using NotificationService.Routing;
using ServiceDefaults.Authentication;
using ServiceDefaults.Data;
using ServiceDefaults.OpenApi;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddServiceDocument("Notification");
builder.AddForwardedAddress();
builder.AddAccessTokens();
builder.AddDatabase<NotificationDbContext>("notifydb");
builder.AddInbox();
builder.AddDelivery();
builder.AddRouting();
builder.Services.AddValidation();

var app = builder.Build();
app.UseTenantOfCaller();
app.MapDefaultEndpoints();
app.MapServiceDocument();
app.MapInboxEndpoints();
app.MapQueueEndpoints();

await app.RunAsync();
