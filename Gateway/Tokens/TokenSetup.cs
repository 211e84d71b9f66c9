using ServiceDefaults.Authentication;

namespace Gateway.Tokens;

internal static class TokenSetup
{
    public static WebApplicationBuilder AddTokens(this WebApplicationBuilder builder)
    {
        builder.AddAccessTokenChecks();
        builder.Services.AddValidatedOptions<TokenOptions>(TokenOptions.Section);
        builder.Services.AddSingleton<VerifiedTokens>();
        return builder;
    }
}
