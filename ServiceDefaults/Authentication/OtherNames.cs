namespace ServiceDefaults.Authentication;

/// <summary>Names of members that are not ours, remembered by where they stand in the payload, to find one that stands twice.</summary>
internal ref struct OtherNames(ReadOnlySpan<byte> payload, Span<(int Start, int Length)> places)
{
    /// <summary>Beyond it the slower reading looks for doubles.</summary>
    public const int Most = 16;

    private readonly ReadOnlySpan<byte> _payload = payload;
    private readonly Span<(int Start, int Length)> _places = places;
    private int _count;

    /// <summary>False for a name that was there before, or one too many.</summary>
    public bool TryAdd(int start, ReadOnlySpan<byte> name)
    {
        foreach (var (other, length) in _places[.._count])
        {
            if (_payload.Slice(other, length).SequenceEqual(name))
            {
                return false;
            }
        }

        if (_count == _places.Length)
        {
            return false;
        }

        _places[_count++] = (start, name.Length);
        return true;
    }
}
