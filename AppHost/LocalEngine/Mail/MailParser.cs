using System.Text;

namespace Platform.LocalEngine.Mail;

/// <summary>Reads subject and bodies out of a MIME message (RFC 5322, 2045, 2046), as far as a developer wants to see them.</summary>
internal static class MailParser
{
    // Deeper nesting than any mail program makes; a hostile mail must not exhaust the stack.
    private const int DeepestPart = 8;

    public static CaughtMail Parse(byte[] message, string from, IReadOnlyList<string> to, TimeProvider time)
    {
        var raw = Encoding.Latin1.GetString(message); // every byte a character; charsets are applied per part
        var bodies = new Bodies();
        var headers = Read(raw, bodies, depth: 0);
        return new CaughtMail(
            Guid.CreateVersion7(time.GetUtcNow()).ToString("N"),
            time.GetUtcNow(),
            from,
            to,
            MimeText.DecodeWords(headers.GetValueOrDefault("subject", "")),
            bodies.Text ?? "",
            bodies.Html ?? "",
            Encoding.UTF8.GetString(message));
    }

    private static Dictionary<string, string> Read(string part, Bodies bodies, int depth)
    {
        var end = part.StartsWith("\r\n", StringComparison.Ordinal) ? 0 : part.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        var head = end < 0 ? part : part[..end];
        var body = end < 0 ? "" : part[(end + (end == 0 ? 2 : 4))..];
        var headers = Headers(head);
        var type = headers.GetValueOrDefault("content-type", "text/plain");

        if (type.StartsWith("multipart/", StringComparison.OrdinalIgnoreCase))
        {
            if (depth < DeepestPart && MimeText.Parameter(type, "boundary") is { Length: > 0 } boundary)
            {
                foreach (var inner in Parts(body, boundary))
                {
                    Read(inner, bodies, depth + 1);
                }
            }
        }
        else if (!headers.GetValueOrDefault("content-disposition", "").StartsWith("attachment", StringComparison.OrdinalIgnoreCase))
        {
            bodies.Take(type, () => MimeText.DecodeBody(body, headers.GetValueOrDefault("content-transfer-encoding", ""), MimeText.Parameter(type, "charset")));
        }

        return headers;
    }

    private static Dictionary<string, string> Headers(string head)
    {
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var unfolded = head.Replace("\r\n ", " ", StringComparison.Ordinal).Replace("\r\n\t", " ", StringComparison.Ordinal);
        foreach (var line in unfolded.Split("\r\n"))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0)
            {
                headers.TryAdd(line[..colon].Trim(), line[(colon + 1)..].Trim());
            }
        }

        return headers;
    }

    private static IEnumerable<string> Parts(string body, string boundary) =>
        ("\r\n" + body).Split("\r\n--" + boundary).Skip(1)
            .TakeWhile(p => !p.StartsWith("--", StringComparison.Ordinal))
            .Select(p => p.StartsWith("\r\n", StringComparison.Ordinal) ? p[2..] : p);

    private sealed class Bodies
    {
        public string? Text { get; private set; }

        public string? Html { get; private set; }

        public void Take(string type, Func<string> decode)
        {
            if (Text is null && type.StartsWith("text/plain", StringComparison.OrdinalIgnoreCase))
            {
                Text = decode();
            }
            else if (Html is null && type.StartsWith("text/html", StringComparison.OrdinalIgnoreCase))
            {
                Html = decode();
            }
        }
    }
}
