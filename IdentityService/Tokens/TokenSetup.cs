using IdentityService.Clients;
using IdentityService.Keys;
using ServiceDefaults.Authentication;

namespace IdentityService.Tokens;

/// <summary>Keys, tokens and the clients that get them.</summary>
internal static class TokenSetup
{
    public static void AddTokens(this IHostApplicationBuilder builder)
    {
        builder.Services.AddValidatedOptions<KeyOptions>("Keys");
        builder.Services.AddValidatedOptions<TokenOptions>("Tokens");
        builder.Services.AddSingleton<KeyEncryption>();
        builder.Services.AddScoped<SigningKeys>();
        builder.Services.AddScoped<RotateKeys>();
        builder.Services.AddSingleton<KeyRotation>();
        builder.Services.AddHostedService(services => services.GetRequiredService<KeyRotation>());
        builder.AddAccessTokens<KeyRing>();
        builder.Services.AddSingleton(services => (KeyRing)services.GetRequiredService<IVerificationKeys>());
        builder.Services.AddSingleton<JwtSigning>();
        builder.Services.AddSingleton<AccessTokenIssuer>();
        builder.Services.AddScoped<ClientAssertion>();
        builder.Services.AddValidatedOptions<ClientOptions>("Clients");
        builder.Services.AddSingleton<RefusedClients>();
        builder.Services.AddHostedService(services => services.GetRequiredService<RefusedClients>());
        builder.Services.AddSingleton<RegisteredClients>();
        builder.Services.AddScoped<ClientAuthentication>();
        builder.Services.AddScoped<ClientTokens>();
        builder.Services.AddScoped<TokenEndpoint>();
    }
}
