namespace AuditService.Evidence.Verifying;

/// <summary>
/// <c>verify EXPORT CHECKPOINTS… [--key KEY]</c>: checks an export and the checkpoints that were kept outside, with no
/// service and no database. The exit code is 0 when all fits, 1 when something does not, 2 when it cannot be checked.
/// </summary>
internal static class OfflineVerifier
{
    /// <summary>The word that the program is called with.</summary>
    public const string Command = "verify";

    private const string Usage = "usage: AuditService verify EXPORT CHECKPOINTS… [--key KEY or FILE]";

    public static int Run(IReadOnlyList<string> arguments, TextWriter output)
    {
        var at = arguments.ToList().IndexOf("--key");
        var files = at < 0 ? arguments : [.. arguments.Take(at), .. arguments.Skip(at + 2)];
        if (files.Count < 2 || at == arguments.Count - 1)
        {
            output.WriteLine(Usage);
            return 2;
        }

        try
        {
            using var key = at < 0 ? null : Key(arguments[at + 1]);
            return Verify(files[0], [.. files.Skip(1)], key, output);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or FormatException)
        {
            output.WriteLine($"It cannot be checked: {fault.Message}");
            return 2;
        }
    }

    private static NoteKey Key(string text) => NoteKey.Parse(File.Exists(text) ? File.ReadAllText(text) : text);

    private static int Verify(string export, IReadOnlyList<string> files, NoteKey? key, TextWriter output)
    {
        using var lines = File.ReadLines(export).GetEnumerator();
        if (!lines.MoveNext() || EvidenceLines.ReadHead(lines.Current) is not { } head)
        {
            throw new FormatException("the export does not begin with its head");
        }

        var checkpoints = Checkpoints(files, key, head.Log, output);
        var check = new LogCheck(new MerkleFrontier(head.From, head.Before), checkpoints);
        var (number, shown, foreign, dropped) = (1L, 0L, 0L, 0L);
        List<LogFault> faults = [];
        while (lines.MoveNext())
        {
            number++;
            if (EvidenceLines.Read(lines.Current) is not { } line)
            {
                faults.Add(new LogFault(LogFault.Altered, check.Size, check.Size + 1, null, $"line {number} of the export cannot be read"));
                continue;
            }

            check.Add(line);
            shown += line.Hash is null ? 0 : 1;
            foreign += line.Absent == Absence.Tenant ? 1 : 0;
            dropped += line.Absent == Absence.Retention ? 1 : 0;
        }

        var promised = check.Size;
        faults.AddRange(check.Finish(head.At));
        if (promised < head.To)
        {
            faults.Add(new LogFault(LogFault.Removed, promised, head.To, null, "the export ends before its head says"));
        }

        foreach (var fault in faults)
        {
            var where = fault.To - fault.From == 1 ? $"{fault.From}" : $"{fault.From} to {fault.To - 1}";
            output.WriteLine($"{fault.Kind}: {where}{(fault.Record is { } id ? $", record {id}" : "")}: {fault.Text}");
        }

        output.WriteLine($"leaves {head.From} to {promised - 1}: {shown} records shown, {foreign} of other tenants, {dropped} past their retention");
        output.WriteLine($"checkpoints: {check.Confirmed} fit, {check.Beyond.Count} are later than the export");
        return Verdict(faults.Count, check.Confirmed, output);
    }

    private static int Verdict(int faults, int confirmed, TextWriter output)
    {
        if (faults > 0)
        {
            output.WriteLine("NOT INTACT");
            return 1;
        }

        output.WriteLine(confirmed > 0 ? "intact" : "It cannot be checked: no checkpoint is for any of these leaves.");
        return confirmed > 0 ? 0 : 2;
    }

    private static List<Checkpoint> Checkpoints(IReadOnlyList<string> files, NoteKey? key, string log, TextWriter output)
    {
        if (key is null)
        {
            output.WriteLine("Signatures are not checked: there is no --key.");
        }

        List<Checkpoint> checkpoints = [];
        var refused = 0;
        foreach (var note in files.SelectMany(CheckpointFolder.Notes))
        {
            var read = key is not null ? Checkpoint.Open(note, key) : SignedNote.TextOf(note) is { } text ? Checkpoint.Parse(text) : null;
            if (read is not null && read.Origin == log)
            {
                checkpoints.Add(read);
            }
            else
            {
                refused++;
            }
        }

        if (refused > 0)
        {
            output.WriteLine($"{refused} checkpoints are not used: torn, of another log, or not signed by the key.");
        }

        return checkpoints;
    }
}
