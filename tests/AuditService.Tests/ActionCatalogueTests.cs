using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using AuditService.Tests.Support;
using ServiceDefaults.Contracts;

namespace AuditService.Tests;

/// <summary>The catalogue, the table in the README and what the services write are the same.</summary>
public sealed partial class ActionCatalogueTests(RunningAudit audit)
{
    private static readonly string[] Services = ["Gateway", "IdentityService", "DeviceService", "NotificationService", "AuditService"];

    // Names that look like actions and are attributes of telemetry.
    private static readonly string[] Attributes = ["client.address", "user.agent", "session.id", "device.id", "user.id"];

    [Fact]
    public void Readme_TableOfActions_IsTheCatalogue()
    {
        var table = File.ReadLines(Path.Combine(Root(), "AuditService", "README.md"))
            .SkipWhile(line => line != "## Actions").Skip(1).TakeWhile(line => !line.StartsWith("## ", StringComparison.Ordinal))
            .Select(line => line.Split('|')).Where(cells => cells.Length == 5)
            .SelectMany(cells => Quoted().Matches(cells[1]).Select(name => Describe(
                name.Groups["name"].Value, Word().Match(cells[2]).Value, Severity().Matches(cells[3]).Select(word => word.Value))));
        Assert.Equal(
            ActionCatalogue.All.Select(action => Describe(action.Name, action.WrittenBy, action.Severities.Select(one => one.ToString().ToLowerInvariant()))).Order(StringComparer.Ordinal),
            table.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Code_EveryActionThatAServiceWrites_IsInTheCatalogue()
    {
        var beginnings = ActionCatalogue.All.Select(action => action.Name.Split('.')[0]).ToHashSet(StringComparer.Ordinal);
        var written = Services.SelectMany(service => Directory.EnumerateFiles(Path.Combine(Root(), service), "*.cs", SearchOption.AllDirectories))
            .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal)
                && !file.Contains("Catalogue", StringComparison.Ordinal))
            .Select(File.ReadAllText)
            .SelectMany(text => Literal().Matches(text).Select(match => match.Groups["name"].Value)
                .Where(name => beginnings.Contains(name.Split('.')[0]) || AfterAudit(text, name)))
            .Except(Attributes, StringComparer.Ordinal).ToHashSet(StringComparer.Ordinal);
        Assert.Equal(ActionCatalogue.All.Select(action => action.Name).Order(StringComparer.Ordinal), written.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task List_Actions_AreThoseOfTheCatalogueWithTheirMeanings()
    {
        using var auditor = audit.VisitAsAuditor(RunningAudit.NewId());
        var items = (await auditor.GetFromJsonAsync<JsonElement>("/api/v1/audit/actions")).GetProperty("items");
        Assert.Equal(ActionCatalogue.All.Count, items.GetArrayLength());
        var failed = items.EnumerateArray().Single(item => item.GetProperty("name").GetString() == "user.login_failed");
        Assert.Equal(
            """{"name":"user.login_failed","category":"sign-in","writtenBy":"identity","severities":["warning","critical"],"meaning":"somebody did not get in"}""",
            failed.GetRawText());
    }

    [Fact]
    public async Task Record_OfAnActionThatTheCatalogueHasNot_IsKeptAndMarked()
    {
        var tenant = RunningAudit.NewId();
        await audit.PublishAsync(Told.Record(tenant) with { Action = "rocket.launched" });
        var line = Assert.Single(await audit.WaitForLinesAsync(tenant, 1));
        Assert.Equal("rocket.launched", line.GetProperty("action").GetString());
        Assert.Equal("""["action:unknown"]""", line.GetProperty("marks").GetRawText());
    }

    private static string Describe(string name, string service, IEnumerable<string> severities) =>
        $"{name} {service} {string.Join(' ', severities.Order(StringComparer.Ordinal))}";

    // Whatever it begins with: the first text after the call that writes a record.
    private static bool AfterAudit(string text, string name) =>
        Calls().Matches(text).Any(call => Literal().Match(text, call.Index) is { Success: true } next && next.Groups["name"].Value == name);

    private static string Root([CallerFilePath] string file = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", ".."));

    [GeneratedRegex("`(?<name>[a-z_]+\\.[a-z_]+)`", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Quoted();

    [GeneratedRegex("[a-z]+", RegexOptions.None, 10_000)]
    private static partial Regex Word();

    [GeneratedRegex("\\b(info|notice|warning|critical)\\b", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Severity();

    [GeneratedRegex("\"(?<name>[a-z_]+\\.[a-z_]+)\"", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Literal();

    [GeneratedRegex("AddAudit\\(|new AuditRecorded\\(", RegexOptions.None, 10_000)]
    private static partial Regex Calls();
}
