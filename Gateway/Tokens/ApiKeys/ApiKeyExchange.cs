using System.Net;
using System.Text.Json;

namespace Gateway.Tokens.ApiKeys;

/// <summary>What came of an API key at the identity service; with none of it set, the service did not answer.</summary>
/// <param name="Token">The access token.</param>
/// <param name="Refused">The key is not good.</param>
/// <param name="RetryAfter">Too many wrong keys came from this address.</param>
internal readonly record struct ExchangedKey(string? Token, bool Refused = false, TimeSpan? RetryAfter = null);

/// <summary>
/// Exchanges an API key for an access token (RFC 8693). Bounded in number, so that a flood of invented keys occupies
/// neither this process nor the identity service.
/// </summary>
internal sealed partial class ApiKeyExchange(IdentityClient identity, TimeProvider time, ILogger<ApiKeyExchange> logger) : IDisposable
{
    private const int MostAtOnce = 64;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _free = new(MostAtOnce);

    /// <summary>Asks once.</summary>
    /// <param name="key">The key; it goes into the body of this request and nowhere else.</param>
    /// <param name="clientAddress">From where it came, for the identity service's own bound on wrong keys.</param>
    public async Task<ExchangedKey> ExchangeAsync(string key, string? clientAddress)
    {
        using CancellationTokenSource deadline = new(Limit, time);
        var entered = false;
        try
        {
            await _free.WaitAsync(deadline.Token);
            entered = true;
            using var answer = await identity.PostAsync(
                "/connect/token",
                new(StringComparer.Ordinal)
                {
                    ["grant_type"] = "urn:ietf:params:oauth:grant-type:token-exchange",
                    ["subject_token"] = key,
                    ["subject_token_type"] = "urn:platform:params:oauth:token-type:api-key",
                },
                clientAddress,
                deadline.Token);
            return await ReadAsync(answer, deadline.Token);
        }
        catch (Exception fault) when (IdentityClient.IsAway(fault) || fault is JsonException)
        {
            LogAway(logger, fault.Message);
            return default;
        }
        finally
        {
            if (entered)
            {
                _free.Release();
            }
        }
    }

    public void Dispose() => _free.Dispose();

    private async Task<ExchangedKey> ReadAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        if (answer.StatusCode == HttpStatusCode.TooManyRequests)
        {
            return new ExchangedKey(null, RetryAfter: answer.Headers.RetryAfter?.Delta ?? Pause);
        }

        if (answer.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.BadRequest))
        {
            LogUnusable(logger, (int)answer.StatusCode);
            return default;
        }

        var said = await answer.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
        if (answer.StatusCode == HttpStatusCode.OK)
        {
            return new ExchangedKey(Text(said, "access_token"));
        }

        if (Text(said, "error") is "invalid_grant" or "invalid_request")
        {
            return new ExchangedKey(null, Refused: true);
        }

        LogUnusable(logger, (int)answer.StatusCode);
        return default;
    }

    private static string? Text(JsonElement said, string name) =>
        said.ValueKind == JsonValueKind.Object && said.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String
            ? member.GetString()
            : null;

    [LoggerMessage(1, LogLevel.Error, "The identity service did not exchange an API key, it answered {Status}: Identity:ClientSecret must be its Clients:Gateway:Secret")]
    private static partial void LogUnusable(ILogger logger, int status);

    [LoggerMessage(2, LogLevel.Warning, "The identity service could not be asked about an API key: {Reason}")]
    private static partial void LogAway(ILogger logger, string reason);
}
