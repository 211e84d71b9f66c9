using Platform.LocalEngine.Running;

namespace Platform.LocalEngine.Mail;

/// <summary>The newest mails caught.</summary>
public sealed class Mailbox
{
    private const int Kept = 500;
    private readonly Lock _gate = new();
    private readonly LinkedList<CaughtMail> _mails = new();

    /// <summary>Raised with every mail.</summary>
    internal ChangeSignal Changed { get; } = new();

    /// <summary>Newest first.</summary>
    public IReadOnlyList<CaughtMail> Mails
    {
        get
        {
            lock (_gate)
            {
                return [.. _mails];
            }
        }
    }

    /// <summary>The newest mail to <paramref name="address"/> that fits, waiting for it as long as the token allows.</summary>
    public async Task<CaughtMail> WaitForAsync(string address, Func<CaughtMail, bool>? fits = null, CancellationToken cancellationToken = default)
    {
        CaughtMail? found = null;
        await Changed.WaitUntilAsync(
            () => (found = Mails.FirstOrDefault(m => m.To.Contains(address, StringComparer.OrdinalIgnoreCase) && fits?.Invoke(m) != false)) is not null,
            cancellationToken);
        return found!;
    }

    internal void Add(CaughtMail mail)
    {
        lock (_gate)
        {
            _mails.AddFirst(mail);
            if (_mails.Count > Kept)
            {
                _mails.RemoveLast();
            }
        }

        Changed.Raise();
    }
}
