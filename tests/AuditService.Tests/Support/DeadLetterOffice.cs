using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Npgsql;
using RabbitMQ.Client;
using ServiceDefaults.Contracts;
using ServiceDefaults.Messaging;

namespace AuditService.Tests.Support;

/// <summary>A service that gives messages up, and an administrator of the platform who sees to them.</summary>
public sealed class DeadLetterOffice(RunningAudit audit) : IAsyncLifetime
{
    public const string Path = "/api/v1/admin/dead-letters";

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private FlakyService _service = null!;

    public HttpClient Administrator { get; private set; } = null!;

    public string AdministratorId { get; } = RunningAudit.NewId().ToString();

    public string Queue => _service.Queue;

    public string Service => _service.Name;

    internal FlakyEffects Effects => _service.Effects;

    public async ValueTask InitializeAsync()
    {
        _service = await FlakyService.StartAsync(audit);
        Administrator = audit.Visit(Token(TimeSpan.FromMinutes(1)));
    }

    public async ValueTask DisposeAsync()
    {
        Administrator.Dispose();
        await _service.DisposeAsync();
    }

    /// <summary>A platform administrator's token that tells of a proof so long ago.</summary>
    public string Token(TimeSpan? provedAgo) => audit.Tokens.User(
        Guid.Parse(AdministratorId), TestTokens.DefaultTenant, ["platform:admin"],
        claims => claims["auth_time"] = provedAgo is { } ago ? TimeProvider.System.GetUtcNow().Add(-ago).ToUnixTimeSeconds() : null);

    /// <summary>For this office's consumers alone.</summary>
    public PasswordChanged Event(DateTimeOffset? at = null) =>
        new(Told.Envelope(Effects.Tenant, at: at), RunningAudit.NewId(), "ada", "ada@platform.test");

    /// <summary>Sends events that the flaky consumer gives up, and waits for their dead letters, oldest first.</summary>
    public async Task<List<JsonElement>> GiveUpAsync(params PasswordChanged[] events)
    {
        Effects.Fails = true;
        foreach (var message in events)
        {
            await _service.PublishAsync(message);
        }

        List<JsonElement> letters = [];
        foreach (var message in events)
        {
            await Eventually.Async(
                async () =>
                {
                    var found = await ListAsync($"queue={Queue}&eventId={message.Envelope.Id}");
                    letters.AddRange(found.Take(1));
                    return found.Count > 0;
                },
                Deadline,
                "the message is no dead letter");
        }

        Effects.Fails = false;
        return letters;
    }

    public async Task<List<JsonElement>> ListAsync(string query) =>
        [.. (await Administrator.GetFromJsonAsync<JsonElement>($"{Path}?{query}")).GetProperty("items").EnumerateArray()];

    public Task<HttpResponseMessage> PostAsync(string path, object? body = null) =>
        body is null ? Administrator.PostAsync($"{Path}/{path}", null) : Administrator.PostAsJsonAsync($"{Path}/{path}", body);

    public async Task<JsonElement> ReplayAsync(JsonElement letter)
    {
        using var answer = await PostAsync($"{letter.Text("id")}/replay");
        return await answer.BodyAsync(HttpStatusCode.OK);
    }

    /// <summary>After this, whatever was in the queue before has been handled or dropped: it hands out one at a time.</summary>
    public async Task QueueIsWorkedOffAsync()
    {
        var last = Event();
        await _service.PublishAsync(last);
        await Eventually.Async(() => Effects.Flaky.Contains(last.Envelope.Id), Deadline, "the queue is not worked off");
    }

    /// <summary>Puts into the dead-letter queue what no consumer gave up.</summary>
    public async Task BuryAsync(byte[] body, Dictionary<string, object?> headers)
    {
        await using var connection = await new ConnectionFactory { Uri = new Uri(audit.Messaging) }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true));
        await channel.BasicPublishAsync("", DeadLetterQueue.Name, mandatory: true, new BasicProperties { Headers = headers }, body);
    }

    public async Task<int> ExecuteAsync(string sql, Guid id)
    {
        await using var database = NpgsqlDataSource.Create(audit.Database);
        await using var command = database.CreateCommand(sql);
        command.Parameters.Add(new() { Value = id });
        return await command.ExecuteNonQueryAsync();
    }

    /// <summary>Whoever notes a decision on a letter of the office's queue waits at that statement until this is disposed.</summary>
    public async Task<IAsyncDisposable> HoldNotesAsync()
    {
        var name = $"hold_{RunningAudit.NewId():N}";
        var holder = new HeldNotes(NpgsqlDataSource.Create(audit.Database), name);
        await holder.BeginAsync(
            $"""
            CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN PERFORM pg_advisory_xact_lock(hashtext('{name}')); RETURN NEW; END $$;
            CREATE TRIGGER {name} BEFORE UPDATE ON dead_letters FOR EACH ROW WHEN (OLD.queue = '{Queue}') EXECUTE FUNCTION {name}();
            """);
        return holder;
    }

    /// <summary>The audit records about that letter.</summary>
    public async Task<JsonElement> AuditedAsync(string action, string letter)
    {
        using var platform = audit.VisitAsPlatform();
        JsonElement found = default;
        await Eventually.Async(
            async () =>
            {
                var page = await platform.GetFromJsonAsync<JsonElement>($"/api/v1/audit/logs?action={action}&resourceId={letter}");
                found = page.GetProperty("items").EnumerateArray().FirstOrDefault();
                return found.ValueKind == JsonValueKind.Object;
            },
            Deadline,
            $"{action} is not in the audit log");
        return await platform.GetFromJsonAsync<JsonElement>($"/api/v1/audit/logs/{found.Text("id")}");
    }

    private sealed class HeldNotes(NpgsqlDataSource database, string name) : IAsyncDisposable
    {
        private NpgsqlConnection? _lock;

        public async Task BeginAsync(string trigger)
        {
            _lock = await database.OpenConnectionAsync();
            await ExecuteAsync($"SELECT pg_advisory_lock(hashtext('{name}'))");
            await ExecuteAsync(trigger);
        }

        public async ValueTask DisposeAsync()
        {
            // The trigger goes when those who waited have ended their transactions, the dead ones too.
            await ExecuteAsync($"SELECT pg_advisory_unlock(hashtext('{name}'))");
            await ExecuteAsync($"DROP FUNCTION {name} CASCADE");
            await _lock!.DisposeAsync();
            await database.DisposeAsync();
        }

        private async Task ExecuteAsync(string sql)
        {
            await using var command = new NpgsqlCommand(sql, _lock);
            await command.ExecuteNonQueryAsync();
        }
    }
}
