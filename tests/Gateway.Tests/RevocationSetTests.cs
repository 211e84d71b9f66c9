using Gateway.Revocation;
using ServiceDefaults.Contracts;

namespace Gateway.Tests;

public sealed class RevocationSetTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);

    private readonly RevocationSet _set = new();

    [Fact]
    public void Apply_InEveryOrderAndTwice_HoldsTheStrictest()
    {
        Action[] changes =
        [
            () => Revoke(RevocationKind.Subject, "ada", epoch: 3),
            () => Revoke(RevocationKind.Subject, "ada", epoch: 7),
            () => Revoke(RevocationKind.Subject, "ada", cutoff: Now.AddMinutes(-1)),
            () => Revoke(RevocationKind.Global, "", cutoff: Now.AddMinutes(-9)),
            () => Revoke(RevocationKind.Global, "", cutoff: Now.AddMinutes(-3)),
        ];
        for (var first = 0; first < changes.Length; first++)
        {
            foreach (var change in changes[first..].Concat(changes[..first]).Concat(changes.Reverse()))
            {
                change();
            }

            Assert.True(_set.Covers(Token("ada", epoch: 6)));
            Assert.False(_set.Covers(Token("ada", epoch: 7)));
            Assert.True(_set.Covers(Token("ada", epoch: 7, issuedAt: Now.AddMinutes(-2))));
            Assert.True(_set.Covers(Token("bob", epoch: 0, issuedAt: Now.AddMinutes(-4))));
            Assert.False(_set.Covers(Token("bob", epoch: 0, issuedAt: Now.AddMinutes(-2))));
            Assert.Equal(1, _set.Count);
        }
    }

    // A product took only the global one of the two into account.
    [Theory]
    [InlineData(RevocationKind.Client)]
    [InlineData(RevocationKind.Tenant)]
    [InlineData(RevocationKind.Subject)]
    public void Cutoff_BehindAnOlderGlobalOne_HoldsAllTheSame(RevocationKind kind)
    {
        Revoke(RevocationKind.Global, "", cutoff: Now.AddMinutes(-10));
        var token = Token("ada", issuedAt: Now.AddMinutes(-5));
        Assert.False(_set.Covers(token));

        Revoke(kind, kind switch { RevocationKind.Client => "web", RevocationKind.Tenant => Tenants.Default.ToString(), _ => "ada" }, cutoff: Now);

        Assert.True(_set.Covers(token));
        Assert.False(_set.Covers(Token("ada", issuedAt: Now.AddSeconds(1))));
    }

    [Fact]
    public void Key_Dropped_RefusesWhatItSignedForGood()
    {
        var token = Token("ada") with { SigningKey = RevocableToken.KeyOf("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs") };
        Assert.False(_set.Covers(token));
        var version = _set.Version;

        Revoke(RevocationKind.Key, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
        for (var shard = 0; shard < RevocationTable.Shards; shard++)
        {
            _set.Sweep(Now.AddYears(1));
        }

        Assert.True(_set.Covers(token));
        Assert.NotEqual(version, _set.Version);
        Assert.False(_set.Covers(Token("ada") with { SigningKey = RevocableToken.KeyOf("another") }));
    }

    [Fact]
    public void Cutoff_WithinASecond_RefusesAllThatWasIssuedInIt()
    {
        Revoke(RevocationKind.Client, "web", cutoff: Now.AddMilliseconds(400));

        Assert.True(_set.Covers(Token("ada", issuedAt: Now)));
        Assert.False(_set.Covers(Token("ada", issuedAt: Now.AddSeconds(1))));
    }

    [Theory]
    [InlineData(null)]
    [InlineData(uint.MaxValue + 5L)]
    [InlineData(long.MaxValue)]
    public void Subject_WithoutALimitOrOneBeyondReach_IsRefusedWhole(long? epoch)
    {
        Revoke(RevocationKind.Subject, "ada", epoch);

        Assert.True(_set.Covers(Token("ada", epoch: long.MaxValue)));
        Assert.False(_set.Covers(Token("bob")));
    }

    [Fact]
    public void Apply_AnIdWrittenOtherwise_MeansTheSame()
    {
        var id = Guid.CreateVersion7();
        Revoke(RevocationKind.Session, id.ToString("N"));

        Assert.True(_set.Covers(Token("ada") with { SessionId = RevocableToken.KeyOf(id.ToString("D").ToUpperInvariant()) }));
    }

    [Fact]
    public void Sweep_ForgetsWhatEndedAndKeepsWhatWasRenewed()
    {
        // So many that in each shard enough end to be worth its copy, however the ids fall.
        for (var number = 0; number < 20_000; number++)
        {
            Revoke(RevocationKind.Token, $"token-{number}", expiresAt: Now.AddMinutes(number % 2 == 0 ? 1 : 60));
        }

        Revoke(RevocationKind.Token, "token-0", expiresAt: Now.AddMinutes(60));
        Revoke(RevocationKind.Token, "token-0", expiresAt: Now.AddMinutes(1));
        SweepAll(Now.AddMinutes(5));

        Assert.Equal(10_001, _set.Count);
        Assert.True(_set.Covers(Token("ada") with { TokenId = RevocableToken.KeyOf("token-0") }));
        Assert.False(_set.Covers(Token("ada") with { TokenId = RevocableToken.KeyOf("token-2") }));
        Assert.True(_set.Covers(Token("ada") with { TokenId = RevocableToken.KeyOf("token-3") }));
    }

    [Fact]
    public void Set_OfAMillion_TakesAtMost64BytesAnEntryAndFindsEachOne()
    {
        var ids = Enumerable.Range(0, 1_000_000).Select(static _ => Guid.CreateVersion7().ToString("N")).ToArray();
        for (var number = 0; number < ids.Length; number++)
        {
            Revoke(number % 3 == 0 ? RevocationKind.Subject : RevocationKind.Session, ids[number], epoch: number % 3 == 0 ? 2 : null);
            if ((number & (number + 1)) == 0 && number > 100_000)
            {
                Assert.InRange((double)_set.Size / _set.Count, 0, 64);
            }
        }

        Assert.Equal(ids.Length, _set.Count);
        Assert.InRange((double)_set.Size / _set.Count, 0, 64);
        for (var number = 0; number < ids.Length; number += 17)
        {
            var key = RevocableToken.KeyOf(ids[number]);
            Assert.True(_set.Covers(number % 3 == 0 ? Token("x") with { Subject = key } : Token("x") with { SessionId = key }));
        }
    }

    [Fact]
    public async Task Covers_BesideAWriterThatAddsAndForgets_NeverMissesWhatWasApplied()
    {
        const int Ids = 40_000;
        var kept = Enumerable.Range(0, Ids).Select(static _ => Guid.CreateVersion7().ToString("N")).ToArray();
        var tokens = Array.ConvertAll(kept, static id => Token("x") with { SessionId = RevocableToken.KeyOf(id) });
        var applied = 0;
        var missed = 0;
        var looked = 0L;
        var writer = Task.Run(() =>
        {
            for (var number = 0; number < Ids; number++)
            {
                Revoke(RevocationKind.Session, kept[number], expiresAt: Now.AddHours(1));
                Revoke(RevocationKind.Session, $"short-lived-{number}", expiresAt: Now.AddHours(-1));
                Volatile.Write(ref applied, number + 1);
                if (number % 100 == 0)
                {
                    _set.Sweep(Now);
                }
            }
        });
        var readers = Enumerable.Range(0, 3).Select(seed => Task.Run(() =>
        {
            var random = new Random(seed);
            while (!writer.IsCompleted)
            {
                if (Volatile.Read(ref applied) is > 0 and var until)
                {
                    Interlocked.Add(ref missed, _set.Covers(tokens[random.Next(until)]) ? 0 : 1);
                    Interlocked.Increment(ref looked);
                }
            }
        })).ToArray();
        await writer;
        await Task.WhenAll(readers);

        Assert.Equal(0, missed);
        Assert.NotEqual(0, looked);
        SweepAll(Now);

        // A shard is not copied for less than an eighth.
        Assert.InRange(_set.Count, Ids, Ids * 8 / 7);
    }

    [Fact]
    public void Version_GrowsWithEachChangeAndWithNothingElse()
    {
        Revoke(RevocationKind.Session, "one");
        var version = _set.Version;

        Revoke(RevocationKind.Session, "one");
        Assert.Equal(version, _set.Version);
        Revoke(RevocationKind.Session, "two");
        Assert.NotEqual(version, _set.Version);
    }

    private static RevocableToken Token(string subject, long epoch = 1, DateTimeOffset? issuedAt = null) => new(
        RevocableToken.KeyOf("token"),
        RevocableToken.KeyOf("session"),
        RevocableToken.KeyOf(subject),
        RevocableToken.KeyOf("web"),
        RevocableToken.KeyOf(Tenants.Default.ToString()),
        epoch,
        (issuedAt ?? Now).ToUnixTimeSeconds());

    private void Revoke(RevocationKind kind, string value, long? epoch = null, DateTimeOffset? cutoff = null, DateTimeOffset? expiresAt = null) =>
        _set.Apply(kind, value, epoch, cutoff, expiresAt ?? Now.AddMinutes(15));

    private void SweepAll(DateTimeOffset now)
    {
        for (var shard = 0; shard < RevocationTable.Shards; shard++)
        {
            _set.Sweep(now);
        }
    }
}
