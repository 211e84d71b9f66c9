using System.Collections.Concurrent;
using System.Data.Common;
using System.Net;
using IdentityService.Data;
using IdentityService.Tests.Support;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityService.Tests;

/// <summary>
/// What tells an address that has an account from one that has none can be the answer or the work behind it. Both are
/// compared as they are, not timed: the same statements, each with one round trip, take the same time.
/// </summary>
public sealed class AskingForMailsTests(IdentityApi api)
{
    [Theory]
    [InlineData("forgot-password")]
    [InlineData("resend-verification")]
    public async Task Ask_AddressWithAndWithoutAccount_SameAnswerBySameWork(string route)
    {
        var statements = new Statements();
        await using var host = IdentityHost.Start(await api.NewBackingAsync(), services: services =>
        {
            IdentityHost.FastHashes(services);
            services.ConfigureDbContext<IdentityDb>(options => options.AddInterceptors(statements));
        });
        using var http = host.CreateClient();
        var person = new Person(http);
        await person.RegisterAsync();

        var known = await AskAsync(http, route, person.Email, statements);
        var unknown = await AskAsync(http, route, $"x{person.Email[1..]}", statements);

        Assert.Equal(HttpStatusCode.Accepted, known.Status);
        Assert.Equal(known.Status, unknown.Status);
        Assert.Equal(known.Body, unknown.Body);
        Assert.Equal(known.Headers, unknown.Headers);
        Assert.NotEmpty(known.Work);
        Assert.Equal(known.Work, unknown.Work);
    }

    private static async Task<(HttpStatusCode Status, string Body, string[] Headers, string[] Work)> AskAsync(
        HttpClient http, string route, string email, Statements statements)
    {
        var mark = statements.Begin();
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/auth/{route}")
        {
            Content = System.Net.Http.Json.JsonContent.Create(new { email }),
            Headers = { { "traceparent", $"00-{mark}-00f067aa0ba902b7-01" } },
        };
        using var answer = await http.SendAsync(request);
        return (
            answer.StatusCode,
            await answer.Content.ReadAsStringAsync(),
            [.. answer.Headers.Where(header => header.Key is not ("Date" or "X-Request-ID")).Select(header => $"{header.Key}: {string.Join(',', header.Value)}").Order(StringComparer.Ordinal)],
            statements.Of(mark));
    }

    /// <summary>Statements by the trace in which they were sent, so that those of background work are told apart.</summary>
    private sealed class Statements : DbCommandInterceptor
    {
        private readonly ConcurrentQueue<(string Trace, string Text)> _sent = new();
        private int _marks;

        public string Begin() => $"{Interlocked.Increment(ref _marks):x32}";

        public string[] Of(string trace) => [.. _sent.Where(one => one.Trace == trace).Select(one => one.Text)];

        public override ValueTask<InterceptionResult<int>> NonQueryExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
        {
            Note(command);
            return base.NonQueryExecutingAsync(command, eventData, result, cancellationToken);
        }

        public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
        {
            Note(command);
            return base.ReaderExecutingAsync(command, eventData, result, cancellationToken);
        }

        private void Note(DbCommand command) =>
            _sent.Enqueue((System.Diagnostics.Activity.Current?.TraceId.ToHexString() ?? "", command.CommandText));
    }
}
