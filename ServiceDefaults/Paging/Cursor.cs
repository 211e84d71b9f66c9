using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;

namespace ServiceDefaults.Paging;

/// <summary>
/// A place in a list ordered by time and id, newest first: opaque to clients, 24 bytes in base64url. It names the last
/// row seen, so that rows which come or go meanwhile neither repeat nor hide others.
/// </summary>
/// <param name="At">UTC, exact to PostgreSQL's microsecond.</param>
/// <param name="Id">Breaks ties.</param>
public readonly record struct Cursor(DateTimeOffset At, Guid Id)
{
    private const int Size = 24;

    /// <summary>The text for <c>nextCursor</c>.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Size];
        BinaryPrimitives.WriteInt64BigEndian(bytes, At.UtcTicks);
        Id.TryWriteBytes(bytes[8..], bigEndian: true, out _);
        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>Reads what <see cref="ToString"/> gave; false for anything else.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out Cursor cursor)
    {
        cursor = default;
        Span<byte> bytes = stackalloc byte[Size];
        if (text is not { Length: 32 }
            || Base64Url.DecodeFromChars(text, bytes, out _, out var written) != OperationStatus.Done || written != Size)
        {
            return false;
        }

        var ticks = BinaryPrimitives.ReadInt64BigEndian(bytes);
        if (ticks < DateTime.MinValue.Ticks || ticks > DateTime.MaxValue.Ticks)
        {
            return false;
        }

        cursor = new Cursor(new DateTimeOffset(ticks, TimeSpan.Zero), new Guid(bytes[8..], bigEndian: true));
        return true;
    }
}
