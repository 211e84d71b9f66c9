using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Gateway.Tokens;

/// <summary>
/// What was used lately, bounded by two generations: when the young one is full it becomes the old one and what was old
/// is forgotten; a hit in the old one moves up. Finding takes no lock.
/// </summary>
/// <param name="size">Entries at most, both generations together.</param>
internal sealed class RecentEntries<TKey, TValue>(int size)
    where TKey : notnull
    where TValue : class
{
    private readonly int _generationSize = Math.Max(1, size / 2);
    private volatile ConcurrentDictionary<TKey, TValue> _young = [];
    private volatile ConcurrentDictionary<TKey, TValue> _old = [];
    private int _youngCount;

    public int Count => _young.Count + _old.Count;

    public bool TryGet(in TKey key, [NotNullWhen(true)] out TValue? value)
    {
        if (_young.TryGetValue(key, out value))
        {
            return true;
        }

        if (_old.TryGetValue(key, out value))
        {
            Set(key, value);
            return true;
        }

        return false;
    }

    public void Set(in TKey key, TValue value)
    {
        if (_young.TryAdd(key, value))
        {
            Added();
        }
        else
        {
            _young[key] = value;
        }
    }

    /// <summary>The entry from now on: what is there already, else this one.</summary>
    public TValue Keep(in TKey key, TValue value)
    {
        var young = _young;
        if (young.TryAdd(key, value))
        {
            Added();
            return value;
        }

        return young.GetValueOrDefault(key, value);
    }

    private void Added()
    {
        if (Interlocked.Increment(ref _youngCount) < _generationSize)
        {
            return;
        }

        // Two threads may come here at once; the second then drops a generation early, which costs only work done anew.
        _old = _young;
        _young = [];
        Volatile.Write(ref _youngCount, 0);
    }

    public void Remove(in TKey key)
    {
        _old.TryRemove(key, out _);
        _young.TryRemove(key, out _);
    }
}
