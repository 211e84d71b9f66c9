using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Options;
using ServiceDefaults.Contracts;

namespace Gateway.RequestAudit;

/// <summary>
/// Batches on disk while the bus is away: append-only files of one JSON line a batch, synced to disk at each, read back
/// in the order written. A file is deleted when all of it was sent; after a crash part of the oldest one can be sent
/// again, and the audit service keeps a record's id once. Safe for concurrent use.
/// </summary>
internal sealed partial class AuditSpool : IDisposable
{
    private readonly Lock _gate = new();
    private readonly RequestAuditOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<AuditSpool> _logger;
    private readonly FileStream _lock;
    private readonly string _folder;
    private readonly Queue<Segment> _segments = [];
    private FileStream? _open;

    public AuditSpool(IOptions<RequestAuditOptions> options, TimeProvider time, ILogger<AuditSpool> logger)
    {
        _options = options.Value;
        _time = time;
        _logger = logger;
        (_folder, _lock) = TakeFolder(_options.SpoolDirectory);
        foreach (var file in Directory.EnumerateFiles(_folder, "*.ndjson").Order(StringComparer.Ordinal))
        {
            _segments.Enqueue(new Segment(file, new FileInfo(file).Length));
        }

        if (_segments.Count > 0)
        {
            LogFound(logger, Bytes, _folder);
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

    /// <summary>Keeps a batch; false when the disk's share is used up. On return it is on the disk.</summary>
    /// <exception cref="IOException">The disk refuses.</exception>
    public bool Append(RequestsAudited batch)
    {
        var line = JsonSerializer.SerializeToUtf8Bytes(batch, EventCatalogue.Json);
        lock (_gate)
        {
            if (Bytes + line.Length + 1 > _options.SpoolBytes)
            {
                return false;
            }

            if (_open is null || _open.Length > _options.SegmentBytes)
            {
                _open?.Dispose();
                var path = Path.Combine(_folder, $"{Guid.CreateVersion7(_time.GetUtcNow()):N}.ndjson");
                _open = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read);
                _segments.Enqueue(new Segment(path, 0));
            }

            _open.Write(line);
            _open.WriteByte((byte)'\n');
            _open.Flush(flushToDisk: true);
            _segments.Last().Length = _open.Length;
            return true;
        }
    }

    /// <summary>The batches of the oldest file as it is now. From then on new ones go to another file.</summary>
    public IReadOnlyList<RequestsAudited> ReadOldest()
    {
        string path;
        lock (_gate)
        {
            if (!_segments.TryPeek(out var oldest))
            {
                return [];
            }

            if (_segments.Count == 1)
            {
                _open?.Dispose();
                _open = null;
            }

            path = oldest.Path;
        }

        List<RequestsAudited> batches = [];
        foreach (var line in File.ReadLines(path, Encoding.UTF8))
        {
            try
            {
                batches.Add(JsonSerializer.Deserialize<RequestsAudited>(line, EventCatalogue.Json)!);
            }
            catch (JsonException fault)
            {
                // A line cut off by a crash in the middle of writing it: it was never promised to be kept.
                LogTorn(_logger, path, fault);
            }
        }

        return batches;
    }

    /// <summary>The oldest file was sent.</summary>
    public void RemoveOldest()
    {
        lock (_gate)
        {
            File.Delete(_segments.Dequeue().Path);
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

    private sealed class Segment(string path, long length)
    {
        public string Path => path;

        public long Length { get; set; } = length;
    }

    [LoggerMessage(1, LogLevel.Warning, "{Bytes} bytes of request audit from before are in {Folder} and will be sent")]
    private static partial void LogFound(ILogger logger, long bytes, string folder);

    [LoggerMessage(2, LogLevel.Warning, "A line of {Path} cannot be read and is left out")]
    private static partial void LogTorn(ILogger logger, string path, Exception fault);
}
