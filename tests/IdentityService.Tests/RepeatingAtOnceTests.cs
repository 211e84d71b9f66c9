using System.Net;
using IdentityService.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using ServiceDefaults.Idempotency;

namespace IdentityService.Tests;

/// <summary>Repetitions that come while the first is under way, at two replicas.</summary>
public sealed class RepeatingAtOnceTests(IdentityApi api, SecondReplica second) : IClassFixture<SecondReplica>
{
    [Fact]
    public async Task Send_TwentyAtOnceToTwoReplicas_OneCreatesAndAllAnswerTheSame()
    {
        var creation = OneCreation.OfApiKey(await api.SignedInAsync());

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(at => creation.SendAsync(at % 2 == 0 ? api.Http : second.Http)));

        Assert.Equal(1, await creation.KeysMadeAsync(api.Host));
        var first = Assert.Single(answers, answer => !answer.Replayed);
        Assert.Equal(HttpStatusCode.Created, first.Status);
        Assert.All(answers, answer => Assert.Equal(first with { Replayed = answer.Replayed }, answer));
    }

    [Fact]
    public async Task Send_WhileTheFirstIsUnderWay_IsToldToComeAgain()
    {
        var creation = OneCreation.OfApiKey(await api.SignedInAsync());
        await using var source = NpgsqlDataSource.Create(api.Backing.Database);
        await using var other = await source.OpenConnectionAsync();
        await using var held = await LockOwnerAsync(other, creation);
        var first = creation.SendAsync(second.Http);
        await WaitsAsync(source, other);

        using var refused = await creation.TrySendAsync(second.Http);
        await held.RollbackAsync();
        var done = await first;

        Assert.Equal("idempotency_key_in_use", await refused.ProblemAsync(HttpStatusCode.Conflict));
        Assert.True(refused.Headers.RetryAfter?.Delta > TimeSpan.Zero);
        Assert.Equal(done with { Replayed = true }, await creation.SendAsync(second.Http));
    }

    [Fact]
    public async Task Repeat_WhatEndedHalfway_CreatesIt()
    {
        var creation = OneCreation.OfApiKey(await api.SignedInAsync());
        await using var source = NpgsqlDataSource.Create(api.Backing.Database);
        await using var other = await source.OpenConnectionAsync();
        await using var held = await LockOwnerAsync(other, creation);
        var lost = creation.TrySendAsync(api.Http);
        var connection = await WaitsAsync(source, other);

        // As when the process dies: the server ends what its connection had not committed.
        await using var kill = source.CreateCommand($"SELECT pg_terminate_backend({connection})");
        await kill.ExecuteNonQueryAsync();
        using var failed = await lost;
        await held.RollbackAsync();
        var again = await creation.SendAsync(api.Http);

        Assert.True(failed.StatusCode >= HttpStatusCode.InternalServerError, $"{failed.StatusCode}");
        Assert.Equal((HttpStatusCode.Created, false), (again.Status, again.Replayed));
        Assert.Equal(1, await creation.KeysMadeAsync(api.Host));
    }

    [Fact]
    public Task Start_WithExpiredKeys_RemovesThem() => Eventually.TrueAsync(() => second.Host.QueryAsync(
        async db => !await db.Set<IdempotencyRecord>().AnyAsync(row => row.Id == second.Expired)));

    /// <summary>Holds the row under which keys are made: a creation has taken its idempotency key and goes no further.</summary>
    private static async Task<NpgsqlTransaction> LockOwnerAsync(NpgsqlConnection connection, OneCreation creation)
    {
        var held = await connection.BeginTransactionAsync();
        await using var command = new NpgsqlCommand("SELECT FROM users WHERE id = $1 FOR UPDATE", connection);
        command.Parameters.Add(new NpgsqlParameter { Value = creation.Caller.Id });
        await command.ExecuteNonQueryAsync();
        return held;
    }

    /// <summary>Until somebody waits for the holder; the process of its connection at the server.</summary>
    private static async Task<int> WaitsAsync(NpgsqlDataSource source, NpgsqlConnection holder)
    {
        int? process = null;
        await Eventually.TrueAsync(async () =>
        {
            await using var command = source.CreateCommand("SELECT pid FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))");
            command.Parameters.Add(new NpgsqlParameter { Value = holder.ProcessID });
            process = (int?)await command.ExecuteScalarAsync();
            return process is not null;
        });
        return process!.Value;
    }
}
