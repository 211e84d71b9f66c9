using Gateway;
using Gateway.Documents;
using Gateway.Edge;
using Gateway.RateLimits;
using Gateway.RequestAudit;
using Gateway.Revocation;
using Gateway.Routing;
using Gateway.SecurityHeaders;
using Gateway.Tokens;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddGatewayMessaging();
builder.AddEdge();
builder.AddTokens();
builder.AddRevocation();
builder.AddRateLimits();
builder.AddRequestAudit();
builder.AddRoutes();

var app = builder.Build();
app.MapDefaultEndpoints();
app.ObserveRevocation();
app.ObserveRateLimits();
app.ObserveRequestAudit();

// The proxy brings authorization along, and the framework would put it before everything, where it sees no route and so
// does nothing but cost every request an awaited layer.
((IApplicationBuilder)app).Properties["__AuthorizationMiddlewareSet"] = true;

app.UseForwardedHeaders();
app.UseMiddleware<ResponseHeaders>();
app.UseApiDocuments();
app.UseMiddleware<AuditedRequests>();
app.UseMiddleware<OverloadShedding>();
app.UseMiddleware<StrictRequests>();
app.UseMiddleware<RequestHeaders>();
app.UseRouting();
app.UseRedirectToHttps();
app.UseCorsWhereAsked();
app.UseMiddleware<AddressLimits>();
app.UseMiddleware<TokenCheck>();
app.UseMiddleware<CallerLimits>();
app.MapRoutes();

await app.RunAsync();
