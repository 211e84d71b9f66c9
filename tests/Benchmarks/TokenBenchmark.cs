using System.Buffers.Text;
using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gateway;
using Gateway.Revocation;
using Gateway.Tokens;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;

namespace Benchmarks;

/// <summary>
/// What the gateway's check of a token costs, on one thread: a token seen before with all checks, one not seen before
/// beside its bare signature, and the revocation check among a million entries. Rounds of each alternate, so that a change
/// of the machine's speed meets all alike; the figure is the median of the rounds.
/// </summary>
internal static class TokenBenchmark
{
    private const int Entries = 1_000_000;
    private const int Asked = 10_000;

    // Few enough for the cache: in a request, the token's text was read off the connection just before.
    private const int Known = 500;
    private const int New = 400;

    // So short that other processes seldom interrupt it.
    private const int Slice = 10;
    private const int Few = 50;

    private static readonly double[] Times = new double[Asked / Few];
    private const int Rounds = 31;

    // Some seconds: what is measured earlier is partly code that the compiler has not got round to.
    private const int WarmUp = 300;
    private const int ShortWarmUp = 5000;

    public static async Task<int> RunAsync()
    {
        var (set, held) = FillSet();
        using ServiceProvider services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        using GatewayMetrics metrics = new(services.GetRequiredService<IMeterFactory>());
        Console.WriteLine(FormattableString.Invariant(
            $"{Entries} revocations in memory                {(double)set.Size / Entries,9:0.0} bytes an entry in the tables, {(double)held / Entries:0.0} on the heap"));
        MeasureRevocations(set);
        await MeasureHitsAsync(set, metrics);
        using SigningKey rsa = new(RSA.Create(2048)), ec = new(ECDsa.Create(ECCurve.NamedCurves.nistP256));
        foreach (var key in (SigningKey[])[rsa, ec])
        {
            await MeasureMissesAsync(key, set, metrics);
        }

        return 0;
    }

    private static (RevocationSet Set, long Held) FillSet()
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        RevocationSet set = new();
        var now = TimeProvider.System.GetUtcNow();
        for (var number = 0; number < Entries; number++)
        {
            var kind = (number % 5) switch { 0 => RevocationKind.Subject, 1 or 2 => RevocationKind.Token, _ => RevocationKind.Session };
            set.Apply(kind, Guid.CreateVersion7(now).ToString("N"), kind == RevocationKind.Subject ? 2 : null, null, now.AddMinutes(15));
        }

        return (set, GC.GetTotalMemory(forceFullCollection: true) - before);
    }

    private static void MeasureRevocations(RevocationSet set)
    {
        var tokens = Enumerable.Range(0, Asked).Select(static _ => new RevocableToken(Id(), Id(), Id(), Id(), Id(), 2, 1_800_000_000)).ToArray();
        var (time, bytes) = Median(tokens, token => !set.Covers(token));
        Print("revocation check, other ids each time", time, bytes);
        static UInt128 Id() => RevocableToken.KeyOf(Guid.CreateVersion7().ToString());
    }

    private static async Task MeasureHitsAsync(RevocationSet set, GatewayMetrics metrics)
    {
        using SigningKey key = new(RSA.Create(2048));
        var judge = Judge(key, set, metrics, cacheSize: 4 * Known);
        var tokens = Enumerable.Range(0, Known).Select(_ => key.Token().AsMemory()).ToArray();
        foreach (var token in tokens)
        {
            await judge.JudgeAsync(token, default);
        }

        var (time, bytes) = Median(tokens, token =>
            judge.JudgeAsync(token, default) is { IsCompletedSuccessfully: true } verdict && verdict.GetAwaiter().GetResult().Token is not null);
        Print(FormattableString.Invariant($"known token of {tokens[0].Length} characters, all checks"), time, bytes);
        List<VerifiedToken> known = [];
        foreach (var token in tokens)
        {
            known.Add((await judge.JudgeAsync(token, default)).Token!);
        }

        (time, bytes) = Median(known.ToArray(), token => judge.JudgeAgain(token).Token is not null);
        Print("  on the connection it came on before", time, bytes);
    }

    private static async Task MeasureMissesAsync(SigningKey key, RevocationSet set, GatewayMetrics metrics)
    {
        var tokens = Enumerable.Range(0, New).Select(_ => key.Token()).ToArray();
        var parts = Array.ConvertAll(tokens, static token =>
            (Signed: Encoding.ASCII.GetBytes(token[..token.LastIndexOf('.')]), Signature: Base64Url.DecodeFromChars(token.AsSpan(token.LastIndexOf('.') + 1))));
        List<double> raw = [], whole = [];
        for (var round = -WarmUp; round < Rounds; round++)
        {
            var judge = Judge(key, set, metrics, cacheSize: 4 * New); // to which every token is new
            for (var from = 0; from < New; from += Slice)
            {
                var began = TimeProvider.System.GetTimestamp();
                var good = 0;
                for (var at = from; at < from + Slice; at++)
                {
                    good += key.Verifies(parts[at].Signed, parts[at].Signature) ? 1 : 0;
                }

                var between = TimeProvider.System.GetTimestamp();
                for (var at = from; at < from + Slice; at++)
                {
                    good += (await judge.JudgeAsync(tokens[at].AsMemory(), default)).Token is null ? 0 : 1;
                }

                var ended = TimeProvider.System.GetTimestamp();
                if (good != 2 * Slice)
                {
                    throw new InvalidOperationException("A good token was refused.");
                }

                if (round >= 0)
                {
                    raw.Add(TimeProvider.System.GetElapsedTime(began, between).TotalNanoseconds / Slice);
                    whole.Add(TimeProvider.System.GetElapsedTime(between, ended).TotalNanoseconds / Slice);
                }
            }
        }

        raw.Sort();
        whole.Sort();
        var (rawMedian, wholeMedian) = (raw[raw.Count / 2], whole[whole.Count / 2]);
        Console.WriteLine(FormattableString.Invariant(
            $"{key.Algorithm}: bare signature {rawMedian,9:0} ns   new token, all checks {wholeMedian,9:0} ns   {wholeMedian / rawMedian:0.00} x"));
    }

    private static TokenJudge Judge(SigningKey key, RevocationSet set, GatewayMetrics metrics, int cacheSize)
    {
        var authentication = Options.Create(new AuthenticationOptions { Issuer = SigningKey.Issuer });
        AccessTokenValidator validator = new(key, authentication, TimeProvider.System);
        VerifiedTokens tokens = new(validator, Options.Create(new TokenOptions { CacheSize = cacheSize }), metrics, TimeProvider.System);
        return new TokenJudge(tokens, set, metrics, authentication, TimeProvider.System);
    }

    private static (double Nanoseconds, double Bytes) Median<T>(T[] items, Func<T, bool> isRight)
    {
        List<double> times = [];
        var (bytes, wrong) = (0L, 0);
        for (var round = -ShortWarmUp; round < Rounds; round++)
        {
            var allocated = GC.GetAllocatedBytesForCurrentThread();
            for (var from = 0; from < items.Length; from += Few)
            {
                var began = TimeProvider.System.GetTimestamp();
                for (var at = from; at < from + Few; at++)
                {
                    wrong += isRight(items[at]) ? 0 : 1;
                }

                Times[from / Few] = TimeProvider.System.GetElapsedTime(began).TotalNanoseconds / Few;
            }

            bytes += round < 0 ? 0 : GC.GetAllocatedBytesForCurrentThread() - allocated;
            times.AddRange(round < 0 ? [] : Times[..(items.Length / Few)]);
        }

        times.Sort();
        return wrong == 0
            ? (times[times.Count / 2], (double)bytes / Rounds / items.Length)
            : throw new InvalidOperationException("A check came to a wrong answer.");
    }

    private static void Print(string what, double nanoseconds, double bytes) =>
        Console.WriteLine(FormattableString.Invariant($"{what,-46} {nanoseconds,9:0} ns   {bytes:0.##} bytes allocated"));

    /// <summary>An issuer with one key.</summary>
    private sealed class SigningKey(AsymmetricAlgorithm key) : IVerificationKeys, IDisposable
    {
        public const string Issuer = "https://platform.test";

        private readonly VerificationKey _verification = key is RSA rsa
            ? VerificationKey.FromRsa("key", rsa.ExportParameters(false))
            : VerificationKey.FromEc("key", ((ECDsa)key).ExportParameters(false).Q);

        public string Algorithm => key is RSA ? "RS256" : "ES256";

        public string Token()
        {
            var now = TimeProvider.System.GetUtcNow();
            var claims = new
            {
                iss = Issuer,
                aud = "platform",
                sub = Guid.CreateVersion7(now),
                client_id = "platform-web",
                jti = Guid.CreateVersion7(now).ToString("N"),
                tid = Tenants.Default,
                sid = Guid.CreateVersion7(now),
                name = "ada",
                scope = "identity:self audit:read devices:read notifications:read",
                roles = (string[])["viewer"],
                epoch = 2,
                iat = now.ToUnixTimeSeconds(),
                exp = now.AddMinutes(15).ToUnixTimeSeconds(),
            };
            var header = JsonSerializer.SerializeToUtf8Bytes(new { alg = Algorithm, typ = "at+jwt", kid = "key" });
            var signed = $"{Base64Url.EncodeToString(header)}.{Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(claims))}";
            var octets = Encoding.ASCII.GetBytes(signed);
            var signature = key is RSA rsa
                ? rsa.SignData(octets, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
                : ((ECDsa)key).SignData(octets, HashAlgorithmName.SHA256);
            return $"{signed}.{Base64Url.EncodeToString(signature)}";
        }

        public bool Verifies(byte[] signed, byte[] signature) => key is RSA rsa
            ? rsa.VerifyData(signed, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : ((ECDsa)key).VerifyData(signed, signature, HashAlgorithmName.SHA256);

        public ValueTask<VerificationKey?> FindAsync(string keyId, CancellationToken cancellationToken) => new(_verification);

        public void Dispose() => key.Dispose();
    }
}
