using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Gateway.Tokens;

/// <summary>
/// Asks the identity service about a token (RFC 7662) where what is known here may lack the latest revocations. Requests
/// with the same token share a question for a quarter of a second.
/// </summary>
internal sealed partial class Introspection(
    IdentityClient identity, GatewayMetrics metrics, TimeProvider time, ILogger<Introspection> logger)
{
    private static readonly TimeSpan AnswerLife = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    // Lives and goes with the remembered token.
    private readonly ConditionalWeakTable<VerifiedToken, Question> _questions = [];

    /// <summary>Whether the token is good; null when the identity service does not answer.</summary>
    public Task<bool?> IsActiveAsync(VerifiedToken token, string text)
    {
        var question = _questions.GetOrCreateValue(token);
        lock (question)
        {
            if (question.Answer is { } answer && time.GetElapsedTime(question.AskedAt) < AnswerLife)
            {
                return answer;
            }

            question.AskedAt = time.GetTimestamp();
            return question.Answer = AskAsync(text);
        }
    }

    private async Task<bool?> AskAsync(string text)
    {
        try
        {
            using CancellationTokenSource deadline = new(Limit, time);
            using var answer = await identity.PostAsync(
                "/connect/introspect", new(StringComparer.Ordinal) { ["token"] = text, ["token_type_hint"] = "access_token" }, null, deadline.Token);
            if (answer.StatusCode == HttpStatusCode.OK
                && await answer.Content.ReadFromJsonAsync<JsonElement>(deadline.Token) is { ValueKind: JsonValueKind.Object } said
                && said.TryGetProperty("active", out var active)
                && active.ValueKind is JsonValueKind.True or JsonValueKind.False)
            {
                metrics.Introspected(active.GetBoolean() ? "active" : "inactive");
                return active.GetBoolean();
            }

            LogUnusable(logger, (int)answer.StatusCode);
        }
        catch (Exception fault) when (IdentityClient.IsAway(fault) || fault is JsonException)
        {
            LogAway(logger, fault.Message);
        }

        metrics.Introspected("unavailable");
        return null;
    }

    private sealed class Question
    {
        public Task<bool?>? Answer { get; set; }

        public long AskedAt { get; set; }
    }

    [LoggerMessage(1, LogLevel.Error, "The identity service did not introspect a token, it answered {Status}: Identity:ClientSecret must be its Clients:Gateway:Secret")]
    private static partial void LogUnusable(ILogger logger, int status);

    [LoggerMessage(2, LogLevel.Warning, "The identity service could not be asked about a token: {Reason}")]
    private static partial void LogAway(ILogger logger, string reason);
}
