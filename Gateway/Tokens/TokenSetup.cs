using Gateway.Tokens.ApiKeys;
using ServiceDefaults.Authentication;

namespace Gateway.Tokens;

internal static class TokenSetup
{
    public static WebApplicationBuilder AddTokens(this WebApplicationBuilder builder)
    {
        builder.AddAccessTokenChecks();
        builder.Services.AddValidatedOptions<TokenOptions>(TokenOptions.Section);
        builder.Services.AddValidatedOptions<IdentityClientOptions>(IdentityClientOptions.Section);
        builder.Services.AddHttpClient(IdentityClient.Name);
        builder.Services.AddSingleton<IdentityClient>();
        builder.Services.AddSingleton<VerifiedTokens>();
        builder.Services.AddSingleton<TokenJudge>();
        builder.Services.AddSingleton<Introspection>();
        builder.Services.AddSingleton<ApiKeyExchange>();
        builder.Services.AddSingleton<ApiKeyTokens>();
        return builder;
    }
}
