using System.Linq.Expressions;
using System.Text;
using System.Text.Json;
using AuditService.Recording;
using ServiceDefaults.Logging;

namespace AuditService.DeadLetters;

/// <summary>A dead letter in a list.</summary>
/// <param name="Id">Of the dead letter.</param>
/// <param name="Queue">Where it was given up.</param>
/// <param name="Service">Whose queue it is.</param>
/// <param name="EventType">Null where the message does not tell.</param>
/// <param name="EventId">The same in every queue and after every replay.</param>
/// <param name="TenantId">The event's.</param>
/// <param name="OccurredAt">UTC instant of the event.</param>
/// <param name="FailedAt">UTC instant at which it was given up.</param>
/// <param name="Fault">Why.</param>
/// <param name="Bytes">Length of the message.</param>
/// <param name="State">waiting, replayed or discarded.</param>
/// <param name="Decision">Who replayed or discarded it, null while it waits.</param>
/// <param name="ReplayOf">The dead letter that it was before; it failed again.</param>
internal sealed record DeadLetterLine(
    Guid Id,
    string Queue,
    string Service,
    string? EventType,
    Guid? EventId,
    Guid? TenantId,
    DateTimeOffset? OccurredAt,
    DateTimeOffset FailedAt,
    FaultLine Fault,
    int Bytes,
    string State,
    Decision? Decision,
    Guid? ReplayOf)
{
    public static readonly Expression<Func<DeadLetter, DeadLetterLine>> From = letter => new DeadLetterLine(
        letter.Id, letter.Queue, letter.Service, letter.EventType, letter.EventId, letter.TenantId, letter.OccurredAt, letter.FailedAt,
        new FaultLine(letter.FaultType, Redaction.Text(letter.FaultMessage)),
        letter.Body.Length,
        letter.State,
        letter.DecidedBy == null || letter.DecidedAt == null ? null : new Decision(letter.DecidedBy, letter.DecidedAt.Value, letter.Reason),
        letter.ReplayOf);

    private static readonly Func<DeadLetter, DeadLetterLine> Compiled = From.Compile();

    public static DeadLetterLine Of(DeadLetter letter) => Compiled(letter);
}

/// <summary>Why a message was given up.</summary>
/// <param name="Type">The exception's type.</param>
/// <param name="Message">Its text, secrets out.</param>
internal sealed record FaultLine(string Type, string Message);

/// <summary>What became of a dead letter by somebody's will.</summary>
/// <param name="By">Id of who decided.</param>
/// <param name="At">UTC instant.</param>
/// <param name="Reason">Null where none was asked for.</param>
internal sealed record Decision(string By, DateTimeOffset At, string? Reason);

/// <summary>One dead letter whole, as far as it may be shown.</summary>
/// <param name="Letter">As in the list.</param>
/// <param name="Trace">The exception's stack.</param>
/// <param name="Headers">The message's, secrets out.</param>
/// <param name="Body">The message where it is JSON, secrets out.</param>
/// <param name="BodyText">The message's beginning where it is none.</param>
internal sealed record DeadLetterDocument(DeadLetterLine Letter, string? Trace, JsonElement Headers, JsonElement? Body, string? BodyText)
{
    private const int LongestText = 16_384;

    public static DeadLetterDocument Of(DeadLetter letter)
    {
        var body = JsonOf(letter.Body);
        return new DeadLetterDocument(
            DeadLetterLine.Of(letter),
            letter.FaultTrace is { } trace ? Redaction.Text(trace) : null,
            JsonOf(Encoding.UTF8.GetBytes(letter.Headers)) ?? default,
            body,
            body is null ? TextOf(letter.Body) : null);
    }

    private static JsonElement? JsonOf(byte[] json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            using var clean = JsonDocument.Parse(CleanJson.Of(document.RootElement, out _));
            return clean.RootElement.Clone();
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string TextOf(byte[] body)
    {
        var text = CleanText.Of(Encoding.UTF8.GetString(body));
        return Redaction.Text(text.Length <= LongestText ? text : CleanText.Cut(text, LongestText));
    }
}

/// <summary>Waiting dead letters that are alike.</summary>
/// <param name="Queue">Where they were given up.</param>
/// <param name="EventType">Of what type.</param>
/// <param name="FaultType">Why.</param>
/// <param name="Count">How many.</param>
/// <param name="Oldest">The first of them was given up.</param>
/// <param name="Newest">The last of them was given up.</param>
internal sealed record DeadLetterGroup(
    string Queue, string? EventType, string FaultType, long Count, DateTimeOffset Oldest, DateTimeOffset Newest);

/// <summary>The largest groups first.</summary>
internal sealed record DeadLetterSummary(IReadOnlyList<DeadLetterGroup> Items);
