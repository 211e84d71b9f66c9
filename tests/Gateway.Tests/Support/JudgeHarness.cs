using System.Diagnostics.Metrics;
using System.Text.Json;
using Gateway.Revocation;
using Gateway.Tokens;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using ServiceDefaults.Authentication;

namespace Gateway.Tests.Support;

/// <summary>The judge of tokens by itself, with the keys of an issuer and one cache for judges of several settings.</summary>
internal sealed class JudgeHarness : IVerificationKeys, IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly GatewayMetrics _metrics;
    private readonly VerifiedTokens _tokens;

    public JudgeHarness()
    {
        _metrics = new GatewayMetrics(_services.GetRequiredService<IMeterFactory>());
        _tokens = new VerifiedTokens(
            new AccessTokenValidator(this, Settings("platform"), TimeProvider.System),
            Options.Create(new TokenOptions()), _metrics, TimeProvider.System);
    }

    public Issuer Issuer { get; } = new();

    /// <summary>How often a key was asked for: once for each token that is verified.</summary>
    public int Verified { get; private set; }

    public async Task<string?> RefusalAsync(string token, string audience = "platform", TimeProvider? time = null)
    {
        TokenJudge judge = new(_tokens, new RevocationSet(), _metrics, Settings(audience), time ?? TimeProvider.System);
        return (await judge.JudgeAsync(token.AsMemory(), TestContext.Current.CancellationToken)).Refusal;
    }

    public ValueTask<VerificationKey?> FindAsync(string keyId, CancellationToken cancellationToken)
    {
        Verified++;
        using var keySet = JsonDocument.Parse(Issuer.KeySet());
        return new(keySet.RootElement.GetProperty("keys").EnumerateArray()
            .Select(static jwk => VerificationKey.FromJwk(jwk)).Single(key => key?.KeyId == keyId));
    }

    public void Dispose()
    {
        Issuer.Dispose();
        _metrics.Dispose();
        _services.Dispose();
    }

    private static IOptions<AuthenticationOptions> Settings(string audience) =>
        Options.Create(new AuthenticationOptions { Issuer = Support.Issuer.Name, Audience = audience });
}
