using System.Globalization;
using Npgsql;

namespace Delivery.Battery;

/// <summary>
/// Holds what the clients were told against what the databases say, after everything has been drained:
/// ok ⊆ committed ⊆ attempted, refused ∩ committed = ∅, applied = committed and each once, the order of each aggregate, counter = ledger.
/// </summary>
public sealed class Verdict
{
    private readonly List<string> _faults = [];

    private Verdict()
    {
    }

    /// <summary>What is wrong, a line each; none when all holds.</summary>
    public IReadOnlyList<string> Faults => _faults;

    public int Attempted { get; private init; }

    public int Ok { get; private init; }

    public int Unknown { get; private init; }

    public int Failed { get; private init; }

    /// <summary>Operations that were committed and never applied.</summary>
    public int Lost { get; private set; }

    /// <summary>Operations that were applied more than once.</summary>
    public int Repeated { get; private set; }

    public int Applied { get; private set; }

    /// <summary>Records of the audit log, zero where it was left out.</summary>
    public long Audited { get; internal set; }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"attempted {Attempted}, ok {Ok}, unknown {Unknown}, failed {Failed}; applied {Applied}, lost {Lost}, repeated {Repeated}; audited {Audited}; {(_faults.Count == 0 ? "all holds" : string.Join("; ", _faults))}");

    internal static async Task<Verdict> JudgeAsync(Clients clients, string senders, string receiver)
    {
        Verdict verdict = new()
        {
            Attempted = clients.Outcomes.Count,
            Ok = clients.Count(Outcome.Ok),
            Unknown = clients.Count(Outcome.Unknown),
            Failed = clients.Count(Outcome.Failed),
        };
        await using var sent = NpgsqlDataSource.Create(senders);
        await using var received = NpgsqlDataSource.Create(receiver);
        var committed = (await RowsAsync(sent, "SELECT id, aggregate, number FROM operations")).ToDictionary(row => row.Id);
        var ledger = await RowsAsync(received, "SELECT operation_id, aggregate, number FROM ledger ORDER BY place");
        verdict.CompareClients(clients, committed.Keys);
        verdict.CompareLedger(committed.Keys, ledger);
        await using var counter = received.CreateCommand("SELECT value FROM counter");
        var counted = (long)(await counter.ExecuteScalarAsync())!;
        verdict.Require(counted == ledger.Count, $"the counter says {counted}, the ledger has {ledger.Count} entries");
        return verdict;
    }

    internal void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            _faults.Add(otherwise);
        }
    }

    private void CompareClients(Clients clients, IReadOnlyCollection<Guid> committed)
    {
        HashSet<Guid> all = [.. committed];
        var denied = clients.Outcomes.Count(pair => pair.Value == Outcome.Ok && !all.Contains(pair.Key));
        Require(denied == 0, $"{denied} operations that were ok are not committed");
        var refused = clients.Outcomes.Count(pair => pair.Value == Outcome.Failed && all.Contains(pair.Key));
        Require(refused == 0, $"{refused} operations that failed are committed");
        var invented = all.Count(id => !clients.Outcomes.ContainsKey(id));
        Require(invented == 0, $"{invented} operations are committed that nobody asked for");
    }

    private void CompareLedger(IReadOnlyCollection<Guid> committed, List<Row> ledger)
    {
        var times = ledger.CountBy(row => row.Id).ToDictionary();
        Applied = times.Count;
        Lost = committed.Count(id => !times.ContainsKey(id));
        Repeated = times.Count(pair => pair.Value > 1);
        Require(Lost == 0, $"{Lost} committed operations were never applied");
        Require(Repeated == 0, $"{Repeated} operations were applied more than once");
        HashSet<Guid> all = [.. committed];
        var invented = times.Keys.Count(id => !all.Contains(id));
        Require(invented == 0, $"{invented} operations were applied and not committed");
        var disordered = ledger.GroupBy(row => row.Aggregate)
            .Count(aggregate => !aggregate.Select(row => row.Number).SequenceEqual(aggregate.Select(row => row.Number).Order()));
        Require(disordered == 0, $"the order of {disordered} aggregates was not kept");
    }

    private static async Task<List<Row>> RowsAsync(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync();
        List<Row> rows = [];
        while (await reader.ReadAsync())
        {
            rows.Add(new Row(reader.GetGuid(0), reader.GetGuid(1), reader.GetInt32(2)));
        }

        return rows;
    }

    private sealed record Row(Guid Id, Guid Aggregate, int Number);
}
