using System.Globalization;
using Microsoft.Extensions.Options;
using ServiceDefaults.Contracts;

namespace Gateway.RequestAudit;

/// <summary>
/// The records on their way to the bus: append-only files of one JSON line a record, written before anything is sent and
/// deleted when all of it was. What the bus does not take stays, in order, also for the next process; after a crash part
/// of the oldest file can be sent again, and the audit service keeps a record's id once. Safe for concurrent use.
/// </summary>
internal sealed partial class AuditJournal : IDisposable
{
    private readonly Lock _gate = new();
    private readonly RequestAuditOptions _options;
    private readonly GatewayInstance _gateway;
    private readonly ILogger<AuditJournal> _logger;
    private readonly FileStream _lock;
    private readonly string _folder;
    private readonly Queue<JournalSegment> _segments = [];
    private JournalSegment? _open;
    private long _name;
    private long _next;
    private int _waiting;

    public AuditJournal(IOptions<RequestAuditOptions> options, GatewayInstance gateway, TimeProvider time, ILogger<AuditJournal> logger)
    {
        _options = options.Value;
        _gateway = gateway;
        _logger = logger;
        Run = Guid.CreateVersion7(time.GetUtcNow());
        (_folder, _lock) = TakeFolder(_options.SpoolDirectory);

        // Named by a number that only grows, also when the clock goes back between two processes.
        _name = time.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (var file in Directory.EnumerateFiles(_folder, "*.ndjson").Order(StringComparer.Ordinal))
        {
            _segments.Enqueue(JournalSegment.Found(file));
            _name = Math.Max(_name, long.TryParse(Path.GetFileNameWithoutExtension(file), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0);
        }

        if (_segments.Count > 0)
        {
            LogFound(logger, Bytes, _folder);
        }
    }

    /// <summary>This process, among all that ever were this gateway.</summary>
    public Guid Run { get; }

    /// <summary>The number that the next record gets; each run counts its records from 0.</summary>
    public long Next
    {
        get
        {
            lock (_gate)
            {
                return _next;
            }
        }
    }

    public bool IsEmpty
    {
        get
        {
            lock (_gate)
            {
                return _segments.Count == 0;
            }
        }
    }

    public long Bytes
    {
        get
        {
            lock (_gate)
            {
                return _segments.Sum(static segment => segment.Length);
            }
        }
    }

    /// <summary>Whether what is appended must outlive the machine's loss of power: while the bus is away.</summary>
    public bool Sync { get; set; }

    /// <summary>Records that wait in the segment that is being written.</summary>
    public int Waiting
    {
        get
        {
            lock (_gate)
            {
                return _open is null ? 0 : _waiting;
            }
        }
    }

    /// <summary>Numbers the records and keeps as many as there is room for, from the first on.</summary>
    /// <returns>How many are kept, and why not all of them.</returns>
    public (int Kept, string? Fault) Append(RecordLines lines)
    {
        lock (_gate)
        {
            var count = FitIn(_options.SpoolBytes - Bytes, lines);
            var fault = count < lines.Count ? "disk_full" : null;
            if (count > 0 && !OpenSegment().Append(lines, count, Sync))
            {
                CloseBroken();
                (count, fault) = (0, "disk_failed");
            }

            _next += count;
            _waiting += count;
            return (count, fault);
        }
    }

    /// <summary>Keeps a count, also beyond the disk's bound: it tells what was lost by it.</summary>
    public void Append(RequestsCounted counted)
    {
        lock (_gate)
        {
            if (!OpenSegment().Append(counted, Sync))
            {
                CloseBroken();
            }
        }
    }

    /// <summary>The oldest segment; from then on nothing is appended to it. Null when all was sent.</summary>
    public JournalSegment? Oldest()
    {
        lock (_gate)
        {
            if (!_segments.TryPeek(out var oldest))
            {
                return null;
            }

            if (oldest == _open)
            {
                _open = null;
                oldest.Seal();
            }

            return oldest;
        }
    }

    /// <summary>The oldest segment was sent.</summary>
    public void RemoveOldest()
    {
        lock (_gate)
        {
            _segments.Dequeue().Delete();
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _open?.Dispose();
            _lock.Dispose();
        }
    }

    private static int FitIn(long bytes, RecordLines lines)
    {
        var count = lines.Count;
        while (count > 0 && lines.Lines[count - 1].End > bytes)
        {
            count--;
        }

        return count;
    }

    private JournalSegment OpenSegment()
    {
        if (_open is null || _open.Length > _options.SegmentBytes)
        {
            _open?.SealForLater();
            var path = Path.Combine(_folder, $"{++_name:D16}.ndjson");
            _open = JournalSegment.Begin(path, new JournalHead(_gateway.Id, Run, _next));
            _waiting = 0;
            _segments.Enqueue(_open);
        }

        return _open;
    }

    private void CloseBroken()
    {
        _open?.Seal();
        _open = null;
    }

    // The first folder that no living gateway holds: a gateway that died leaves its own to the next one started.
    private static (string Folder, FileStream Lock) TakeFolder(string directory)
    {
        for (var slot = 0; ; slot++)
        {
            var folder = Path.Combine(directory, $"slot-{slot}");
            CreatePrivate(folder);
            try
            {
                return (folder, new FileStream(Path.Combine(folder, "lock"), FileMode.OpenOrCreate, FileAccess.Write, FileShare.None));
            }
            catch (IOException) when (slot < 64)
            {
                // held by another gateway
            }
        }
    }

    // Who asked for what is nobody else's business on a shared machine.
    private static void CreatePrivate(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    /// <summary>For a line that cannot be read: it was cut off by a crash and never promised to be kept.</summary>
    public void Torn(Exception? fault) => LogTorn(_logger, _folder, fault);

    [LoggerMessage(1, LogLevel.Warning, "{Bytes} bytes of request audit from before are in {Folder} and will be sent")]
    private static partial void LogFound(ILogger logger, long bytes, string folder);

    [LoggerMessage(2, LogLevel.Warning, "A line of a file in {Folder} cannot be read and is left out")]
    private static partial void LogTorn(ILogger logger, string folder, Exception? fault);
}
