using System.Diagnostics;
using System.Net;
using System.Text.Encodings.Web;
using System.Text.Json;
using Gateway.Tokens;
using ServiceDefaults.Contracts;

namespace Gateway.RequestAudit;

/// <summary>
/// What the gateway knows of a request that has ended, written as the JSON of a <see cref="RequestRecord"/>: once, by
/// hand, and the same bytes go to the journal and on the bus. Serializing an object twice cost a request more than its
/// token, limits and revocation together.
/// </summary>
internal readonly struct EndedRequest
{
    private static readonly JsonEncodedText[] Kinds = [.. Enum.GetNames<ActorKind>().Select(static name => JsonEncodedText.Encode(name))];

    public required DateTimeOffset At { get; init; }

    public required TimeSpan Duration { get; init; }

    /// <summary>Null for an anonymous request.</summary>
    public required VerifiedToken? Token { get; init; }

    public required IPAddress? Address { get; init; }

    public required string? UserAgent { get; init; }

    public required string Method { get; init; }

    public required string Path { get; init; }

    public required string? RouteId { get; init; }

    public required int Status { get; init; }

    public required ActivityTraceId? TraceId { get; init; }

    public required string RequestId { get; init; }

    public void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString(Names.Id, ServiceDefaults.Logging.RequestId.New(At));
        writer.WriteString(Names.At, At);
        WriteCaller(writer);
        WriteAddress(writer);
        WriteIfKnown(writer, Names.UserAgent, UserAgent);
        writer.WriteString(Names.Method, Method);
        writer.WriteString(Names.Path, Path);
        WriteIfKnown(writer, Names.RouteId, RouteId);
        writer.WriteNumber(Names.StatusCode, Status);
        WriteDuration(writer);
        WriteTraceId(writer);
        writer.WriteString(Names.RequestId, RequestId);
        writer.WriteEndObject();
    }

    private static void WriteIfKnown(Utf8JsonWriter writer, JsonEncodedText name, string? value)
    {
        if (value is not null)
        {
            writer.WriteString(name, value);
        }
    }

    private void WriteCaller(Utf8JsonWriter writer)
    {
        var actor = Token?.Actor ?? Actor.Anonymous;
        if (Token is { Token: var token })
        {
            writer.WriteString(Names.TenantId, token.TenantId);
            WriteIfKnown(writer, Names.SessionId, token.SessionId);
        }

        writer.WriteStartObject(Names.Actor);
        writer.WriteString(Names.Kind, Kinds[(int)actor.Kind]);
        writer.WriteString(Names.Id, actor.Id);
        WriteIfKnown(writer, Names.Name, actor.Name);
        writer.WriteEndObject();
    }

    private void WriteAddress(Utf8JsonWriter writer)
    {
        Span<byte> text = stackalloc byte[64]; // the longest is an IPv6 address with its zone
        if (Address is not null && Address.TryFormat(text, out var length))
        {
            writer.WriteString(Names.Address, text[..length]);
        }
    }

    private void WriteDuration(Utf8JsonWriter writer)
    {
        Span<byte> text = stackalloc byte[32];
        Duration.TryFormat(text, out var length, "c");
        writer.WriteString(Names.Duration, text[..length]);
    }

    private void WriteTraceId(Utf8JsonWriter writer)
    {
        if (TraceId is { } trace)
        {
            Span<byte> octets = stackalloc byte[16];
            Span<byte> text = stackalloc byte[32];
            trace.CopyTo(octets);
            Convert.TryToHexStringLower(octets, text, out _);
            writer.WriteString(Names.TraceId, text);
        }
    }

    private static class Names
    {
        public static readonly JsonEncodedText Id = Of(nameof(RequestRecord.Id));
        public static readonly JsonEncodedText At = Of(nameof(RequestRecord.At));
        public static readonly JsonEncodedText TenantId = Of(nameof(RequestRecord.TenantId));
        public static readonly JsonEncodedText Actor = Of(nameof(RequestRecord.Actor));
        public static readonly JsonEncodedText Kind = Of(nameof(ServiceDefaults.Contracts.Actor.Kind));
        public static readonly JsonEncodedText Name = Of(nameof(ServiceDefaults.Contracts.Actor.Name));
        public static readonly JsonEncodedText SessionId = Of(nameof(RequestRecord.SessionId));
        public static readonly JsonEncodedText Address = Of(nameof(RequestRecord.Address));
        public static readonly JsonEncodedText UserAgent = Of(nameof(RequestRecord.UserAgent));
        public static readonly JsonEncodedText Method = Of(nameof(RequestRecord.Method));
        public static readonly JsonEncodedText Path = Of(nameof(RequestRecord.Path));
        public static readonly JsonEncodedText RouteId = Of(nameof(RequestRecord.RouteId));
        public static readonly JsonEncodedText StatusCode = Of(nameof(RequestRecord.StatusCode));
        public static readonly JsonEncodedText Duration = Of(nameof(RequestRecord.Duration));
        public static readonly JsonEncodedText TraceId = Of(nameof(RequestRecord.TraceId));
        public static readonly JsonEncodedText RequestId = Of(nameof(RequestRecord.RequestId));

        private static JsonEncodedText Of(string member) =>
            JsonEncodedText.Encode(JsonNamingPolicy.CamelCase.ConvertName(member), JavaScriptEncoder.Default);
    }
}
