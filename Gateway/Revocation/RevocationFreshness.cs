using Microsoft.Extensions.Options;

namespace Gateway.Revocation;

/// <summary>How well this gateway knows what is revoked.</summary>
internal enum RevocationState
{
    /// <summary>Not yet, or no longer: no token can be judged.</summary>
    Unknown,

    /// <summary>What is known may lack the latest.</summary>
    Late,

    /// <summary>A heartbeat arrived just now.</summary>
    Current,
}

/// <summary>
/// The age of the last heartbeat in the revocation stream. The bus has none: when only it works, revocations still
/// arrive but nothing tells whether one is missing, so it does not keep the state current.
/// </summary>
internal sealed class RevocationFreshness(IOptionsMonitor<RevocationOptions> options, TimeProvider time)
{
    private long _heardAt;
    private volatile bool _caughtUp;

    public RevocationState State =>
        !_caughtUp ? RevocationState.Unknown
        : Staleness is var staleness && staleness < options.CurrentValue.LateAfter ? RevocationState.Current
        : staleness < options.CurrentValue.UnknownAfter ? RevocationState.Late
        : RevocationState.Unknown;

    /// <summary>Time since the last heartbeat was written.</summary>
    public TimeSpan Staleness => Volatile.Read(ref _heardAt) is not 0 and var at ? time.GetElapsedTime(at) : TimeSpan.MaxValue;

    /// <summary>A heartbeat was read that is so old by the clock of the server that holds it.</summary>
    public void Heard(TimeSpan age)
    {
        var at = time.GetTimestamp() - (long)(age.TotalSeconds * time.TimestampFrequency);
        Volatile.Write(ref _heardAt, Math.Max(Volatile.Read(ref _heardAt), at));
    }

    /// <summary>Whether everything was known once.</summary>
    public bool IsCaughtUp => _caughtUp;

    /// <summary>
    /// The end of the stream was reached. At start that counts only with a heartbeat of just now: it is written only
    /// behind a stream that the identity service found whole, so an older copy that Redis came back with never passes.
    /// </summary>
    public void ReachedEnd() => _caughtUp = _caughtUp || Staleness < options.CurrentValue.LateAfter;

    /// <summary>A whole snapshot of that age was applied.</summary>
    public void CaughtUp(TimeSpan age)
    {
        Heard(age);
        _caughtUp = true;
    }
}
