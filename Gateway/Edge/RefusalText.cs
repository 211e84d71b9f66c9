using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Gateway.SecurityHeaders;
using Microsoft.AspNetCore.WebUtilities;
using ServiceDefaults.Problems;

namespace Gateway.Edge;

/// <summary>The server's own refusals, as whole answers (RFC 9112 section 2.2, RFC 9457).</summary>
internal static class RefusalText
{
    private static readonly byte[] Headers = FixedHeaders();

    private static ReadOnlySpan<byte> Version => "HTTP/1.1 "u8;

    private static ReadOnlySpan<byte> NoBody => "Content-Length: 0\r\n"u8;

    /// <summary>The answer with the problem; null when what was written is no bare refusal.</summary>
    /// <param name="written">All that the server wrote at once.</param>
    /// <param name="connectionId">The server's name for the connection, by which its log is searched.</param>
    /// <remarks>
    /// Also where the refused request was a HEAD, which only its parser could have told: the client reads nothing after
    /// the head, and the connection closes.
    /// </remarks>
    public static byte[]? Of(ReadOnlySpan<byte> written, string connectionId)
    {
        if (!written.StartsWith(Version)
            || !Utf8Parser.TryParse(written[Version.Length..], out int status, out var digits) || digits != 3 || status < 400
            || written.IndexOf("\r\n\r\n"u8) != written.Length - 4
            || written.IndexOf(NoBody) is not (> 0 and var length))
        {
            return null;
        }

        var problem = ProblemOf(status, connectionId);
        ArrayBufferWriter<byte> answer = new(1024);
        answer.Write(written[..length]);
        answer.Write(written[(length + NoBody.Length)..^2]);
        answer.Write(Encoding.ASCII.GetBytes($"Content-Type: application/problem+json\r\nContent-Length: {problem.Length}\r\n"));
        answer.Write(Headers);
        answer.Write("\r\n"u8);
        answer.Write(problem);
        return answer.WrittenSpan.ToArray();
    }

    private static ReadOnlySpan<byte> ProblemOf(int status, string connectionId)
    {
        var (code, detail) = Meaning(status);
        ArrayBufferWriter<byte> text = new(256);
        using (Utf8JsonWriter json = new(text))
        {
            json.WriteStartObject();
            json.WriteString("title", ReasonPhrases.GetReasonPhrase(status));
            json.WriteNumber("status", status);
            json.WriteString("detail", detail);
            json.WriteString("code", code);
            json.WriteString("traceId", connectionId);
            json.WriteEndObject();
        }

        return text.WrittenSpan;
    }

    private static (string Code, string Detail) Meaning(int status) => status switch
    {
        400 => (ProblemCodes.MalformedRequest, "This is no request that can be read in one way only."),
        405 => (ProblemCodes.MethodNotAllowed, "This address does not take this method."),
        408 => (ProblemCodes.RequestTimeout, "The request came too slowly."),
        413 => (ProblemCodes.BodyTooLarge, "The request body is larger than is taken."),
        414 => ("target_too_long", "The address is too long."),
        431 => (ProblemCodes.HeadersTooLarge, "The headers are too many or too long."),
        505 => ("version_not_supported", "This version of HTTP is not served here."),
        _ => ("request_refused", "The request was refused."),
    };

    private static byte[] FixedHeaders()
    {
        HeaderDictionary headers = [];
        ResponseHeaders.AddToProblem(headers);
        return Encoding.ASCII.GetBytes(string.Concat(headers.Select(static header => $"{header.Key}: {header.Value}\r\n")));
    }
}
