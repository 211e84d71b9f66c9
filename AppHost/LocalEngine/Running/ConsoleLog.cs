using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using System.Threading.Channels;

namespace Platform.LocalEngine.Running;

/// <summary>One line that a resource wrote.</summary>
public sealed record ConsoleLine(long Number, DateTimeOffset Time, bool IsError, string Text);

/// <summary>The newest lines of a resource's output, and those to come.</summary>
public sealed partial class ConsoleLog(TimeProvider time)
{
    private const int Kept = 2000;
    private readonly Lock _gate = new();
    private readonly Queue<ConsoleLine> _lines = new();
    private readonly List<Channel<ConsoleLine>> _followers = [];
    private long _number;

    /// <summary>The lines kept, oldest first.</summary>
    public IReadOnlyList<ConsoleLine> Lines
    {
        get
        {
            lock (_gate)
            {
                return [.. _lines];
            }
        }
    }

    /// <summary>First what is kept, then every new line until cancelled. A follower too slow for 4,000 lines loses the oldest.</summary>
    public async IAsyncEnumerable<ConsoleLine> FollowAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var channel = Channel.CreateBounded<ConsoleLine>(new BoundedChannelOptions(2 * Kept) { FullMode = BoundedChannelFullMode.DropOldest });
        lock (_gate)
        {
            foreach (var line in _lines)
            {
                channel.Writer.TryWrite(line);
            }

            _followers.Add(channel);
        }

        try
        {
            await foreach (var line in channel.Reader.ReadAllAsync(cancellationToken))
            {
                yield return line;
            }
        }
        finally
        {
            lock (_gate)
            {
                _followers.Remove(channel);
            }
        }
    }

    internal void Append(string text, bool isError = false)
    {
        var plain = Colours().Replace(text, "");
        lock (_gate)
        {
            var line = new ConsoleLine(++_number, time.GetUtcNow(), isError, plain);
            _lines.Enqueue(line);
            if (_lines.Count > Kept)
            {
                _lines.Dequeue();
            }

            foreach (var follower in _followers)
            {
                follower.Writer.TryWrite(line);
            }
        }
    }

    [GeneratedRegex(@"\x1B\[[0-9;]*[A-Za-z]", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Colours();
}
