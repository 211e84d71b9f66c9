using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Gateway.RateLimits;

/// <summary>
/// What this gateway admitted in the last window, in parts. A part counts fully until its begin is a window old, then
/// fades over its own length. Times in milliseconds of a clock that does not go back. For one thread.
/// </summary>
internal struct UsageWindow
{
    private Counts _counts;
    private long _current; // number of the newest part since the clock's zero

    /// <summary>Adds usage at a time; a negative number takes back what was given back.</summary>
    public void Add(Quota quota, long now, int number)
    {
        Advance(now / quota.Part);
        for (var back = 0; back <= Quota.Parts && number != 0; back++)
        {
            ref var slot = ref _counts[Slot(_current - back)];
            var sum = slot + number;
            slot = Math.Max(0, sum);
            number = Math.Min(0, sum); // more was given back than this part holds: an earlier one's
        }
    }

    public readonly double Used(Quota quota, long now)
    {
        double used = 0;
        for (var back = 0; back <= Quota.Parts; back++)
        {
            used += _counts[Slot(_current - back)] * Weight(quota, Age(quota, now, back));
        }

        return used;
    }

    /// <summary>Milliseconds until the oldest usage begins to fade; the whole window when there is none.</summary>
    public readonly long FadesIn(Quota quota, long now)
    {
        for (var back = Quota.Parts; back >= 0; back--)
        {
            var age = Age(quota, now, back);
            if (_counts[Slot(_current - back)] > 0 && Weight(quota, age) > 0)
            {
                return Math.Max(0, quota.Window - age);
            }
        }

        return quota.Window;
    }

    /// <summary>Milliseconds until so much usage has faded.</summary>
    public readonly long WaitFor(Quota quota, long now, double number)
    {
        for (var back = Quota.Parts; back >= 0; back--)
        {
            double count = _counts[Slot(_current - back)];
            var age = Age(quota, now, back);
            var counted = count * Weight(quota, age);
            if (counted > 0 && counted >= number)
            {
                var left = (counted - number) / count;
                return (long)Math.Ceiling(quota.Window + (quota.Part * (1 - left)) - age);
            }

            number -= counted;
        }

        return quota.Window;
    }

    /// <summary>What counts still, as pairs of age and number.</summary>
    public readonly void Write(Quota quota, long now, StringBuilder text)
    {
        for (var back = 0; back <= Quota.Parts; back++)
        {
            var count = _counts[Slot(_current - back)];
            var age = Age(quota, now, back);
            if (count > 0 && Weight(quota, age) > 0)
            {
                text.Append(CultureInfo.InvariantCulture, $"{Math.Max(0, age)}:{count},");
            }
        }
    }

    private void Advance(long part)
    {
        if (part - _current > Quota.Parts)
        {
            _counts = default;
            _current = part;
        }

        while (_current < part)
        {
            _counts[Slot(++_current)] = 0;
        }
    }

    private readonly long Age(Quota quota, long now, int back) => now - ((_current - back) * quota.Part);

    private static double Weight(Quota quota, long age) => Math.Clamp((quota.Window + quota.Part - age) / (double)quota.Part, 0, 1);

    private static int Slot(long part) => (int)(((part % (Quota.Parts + 1)) + Quota.Parts + 1) % (Quota.Parts + 1));

    [InlineArray(Quota.Parts + 1)]
    private struct Counts
    {
        private int _first;
    }
}
