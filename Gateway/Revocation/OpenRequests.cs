using Gateway.Tokens;

namespace Gateway.Revocation;

/// <summary>
/// Requests under way with a token, so that those that last can be cut when it is revoked or ends. Entering and leaving
/// cost a short lock of one of 64 stripes each, since every request does both.
/// </summary>
internal sealed class OpenRequests
{
    private const int Stripes = 64;
    private const int MostLooks = 30;

    private readonly Stripe[] _stripes = [.. Enumerable.Range(0, Stripes).Select(static _ => new Stripe())];

    public int Count => _stripes.Sum(static stripe => stripe.Count);

    /// <summary>Enters a request; its ticket must leave before the request's context is used for another one.</summary>
    /// <param name="context">The request.</param>
    /// <param name="token">Its token.</param>
    /// <param name="version">The set's version, read before the token was found unrevoked.</param>
    public Ticket Enter(HttpContext context, VerifiedToken token, long version)
    {
        var stripe = Environment.CurrentManagedThreadId % Stripes;
        return new Ticket(_stripes[stripe], _stripes[stripe].Enter(context, token, version));
    }

    /// <summary>
    /// Cuts what may not go on. Asked about are requests whose token may have been revoked since they were last looked at,
    /// or has ended. A request is cut at the second look that finds its answer begun: one without an answer yet may be the
    /// very one that revoked (a sign-out waits until the gateways have it), and is cut after <see cref="MostLooks"/>.
    /// </summary>
    /// <param name="version">The set's version, read before; <see cref="long.MaxValue"/> asks about every request.</param>
    /// <param name="endedBy">Unix time in milliseconds by which a token must not have ended.</param>
    /// <param name="mayGoOn">Called under a lock, so it must be quick.</param>
    public int Cut(long version, long endedBy, Func<VerifiedToken, bool> mayGoOn)
    {
        var cut = 0;
        foreach (var stripe in _stripes)
        {
            cut += stripe.Cut(version, endedBy, mayGoOn);
        }

        return cut;
    }

    /// <summary>Where a request is entered.</summary>
    internal readonly struct Ticket(Stripe stripe, int slot)
    {
        public void Leave() => stripe.Leave(slot);
    }

    internal sealed class Stripe
    {
        private readonly Lock _gate = new();
        private Open[] _slots = new Open[16];
        private int _used;
        private int _free = -1;
        private int _count;

        public int Count => Volatile.Read(ref _count);

        public int Enter(HttpContext context, VerifiedToken token, long version)
        {
            lock (_gate)
            {
                var slot = _free;
                if (slot >= 0)
                {
                    _free = _slots[slot].NextFree;
                }
                else
                {
                    slot = _used++;
                    if (slot == _slots.Length)
                    {
                        Array.Resize(ref _slots, _slots.Length * 2);
                    }
                }

                _slots[slot] = new Open { Context = context, Token = token, Version = version, EndsAt = token.EndsAt };
                _count++;
                return slot;
            }
        }

        public void Leave(int slot)
        {
            lock (_gate)
            {
                _slots[slot] = new Open { NextFree = _free };
                _free = slot;
                _count--;
            }
        }

        public int Cut(long version, long endedBy, Func<VerifiedToken, bool> mayGoOn)
        {
            if (Count == 0)
            {
                return 0;
            }

            var cut = 0;
            lock (_gate)
            {
                foreach (ref var open in _slots.AsSpan(0, _used))
                {
                    if (open.Context is not { } context || (open.Version >= version && open.EndsAt > endedBy))
                    {
                        continue;
                    }

                    if (open.EndsAt > endedBy && mayGoOn(open.Token!))
                    {
                        open.Version = version;
                        continue;
                    }

                    if (!open.IsToBeCut())
                    {
                        continue;
                    }

                    // Within the lock: once the request has left, its context may be another one's.
                    context.Abort();
                    open.Version = open.EndsAt = long.MaxValue;
                    cut++;
                }
            }

            return cut;
        }
    }

    private struct Open
    {
        public HttpContext? Context { get; init; }

        public VerifiedToken? Token { get; init; }

        public long Version { get; set; }

        public long EndsAt { get; set; }

        public int NextFree { get; init; }

        private int LooksSinceBegun { get; set; }

        private int Looks { get; set; }

        public bool IsToBeCut()
        {
            Looks++;
            if (Context!.Response.HasStarted)
            {
                LooksSinceBegun++;
            }

            return LooksSinceBegun > 1 || Looks >= MostLooks;
        }
    }
}
