using IdentityService;
using IdentityService.AccountMail;
using IdentityService.Accounts;
using IdentityService.Data;
using IdentityService.Keys;
using IdentityService.Operation;
using IdentityService.Passkeys;
using IdentityService.Revocations;
using IdentityService.SecondFactor;
using IdentityService.Secrets;
using IdentityService.Sessions;
using IdentityService.TenantAdministration;
using IdentityService.Tokens;
using IdentityService.UserAdministration;
using ServiceDefaults.Authentication;
using ServiceDefaults.Data;
using ServiceDefaults.Idempotency;
using ServiceDefaults.OpenApi;

if (SecretsCommand.IsWanted(args))
{
    Environment.ExitCode = await SecretsCommand.RunAsync(args);
    return;
}

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddServiceDocument("Identity");
builder.AddForwardedAddress();
builder.AddDatabase<IdentityDb>("identitydb", Seed.RunAsync, ShortStatements.Tune);
builder.Services.ConfigureDbContext<IdentityDb>(IdentityDb.Configure);
builder.AddIdentityMessaging();
builder.AddTokens();
builder.Services.AddIdempotency().AddSingleton<IAnswerProtection, AnswerProtection>();
builder.AddRevocations();
builder.Services.AddAccounts();
builder.Services.AddAccountMail();
builder.Services.AddUserAdministration();
builder.Services.AddTenantAdministration();
builder.Services.AddSessions();
builder.Services.AddSecondFactor();
builder.Services.AddPasskeys();
builder.Services.AddOpenIdProvider();
builder.Services.AddOperation();
builder.Services.AddValidation();

var app = builder.Build();
app.UseTenantOfCaller();
app.MapDefaultEndpoints();
app.MapServiceDocument();
app.MapAccountEndpoints();
app.MapAccountMail();
app.MapUserAdministration();
app.MapTenantAdministration();
app.MapSessionEndpoints();
app.MapSecondFactorEndpoints();
app.MapPasskeyEndpoints();
app.MapOpenIdProvider();
app.MapDiscoveryEndpoints();
app.MapKeyEndpoints();
app.MapRevocationEndpoints();

await app.RunAsync();
