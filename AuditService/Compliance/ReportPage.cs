using System.Security.Cryptography;
using System.Text;
using AuditService.Completeness;
using AuditService.Evidence.Verifying;
using AuditService.Reading;
using AuditService.Retention;
using ServiceDefaults.Pages;

namespace AuditService.Compliance;

/// <summary>The report as a page without scripts and without anything from elsewhere, to read and to print.</summary>
internal static class ReportPage
{
    private const string Style =
        "body{font:11pt/1.4 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}table{border-collapse:collapse;width:100%;margin:.5em 0}"
        + "th,td{border:1px solid #bbb;padding:.2em .5em;text-align:left;vertical-align:top;overflow-wrap:anywhere}td.n{text-align:right}"
        + "h2{margin-top:1.5em;break-after:avoid}tr{break-inside:avoid}.controls{color:#555}pre{white-space:pre-wrap}";

    /// <summary>Content-Security-Policy under which the page is shown as it is meant, and nothing besides its own style is let in.</summary>
    public static readonly string Policy =
        $"default-src 'none'; style-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Style)))}'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    public static string Of(ComplianceReport report) => Html($"""
        <!doctype html>
        <html lang="en">
        <head><meta charset="utf-8"><title>Compliance report of {report.Log}, {report.From} to {report.To}</title><style>{Style}</style></head>
        <body>
        <h1>Compliance report</h1>
        <p>Log {report.Log}, {report.TenantId?.ToString() ?? "all tenants"}, from {report.From} to {report.To} (UTC, both days included).
        Made at {report.MadeAt} by {report.MadeBy}. {report.Records} records.</p>
        {report.Sections.Select(Section)}{Retention(report.Retention)}{Integrity(report.Integrity)}{Completeness(report.Completeness)}
        </body>
        </html>

        """).ToString();

    private static Html Html(Html markup) => markup;

    private static Html Section(ReportSection section) => Html($"""
        <h2>{section.Title}</h2>
        <p class="controls">{string.Join(", ", section.Controls)}</p>
        <table><tr><th>Action</th><th>What it is</th><th>Success</th><th>Denied</th><th>Failure</th></tr>
        {section.Counts.Select(count => Html($"""
        <tr><td>{count.Action}</td><td>{count.Meaning}</td><td class="n">{count.Success}</td><td class="n">{count.Denied}</td><td class="n">{count.Failure}</td></tr>

        """))}</table>
        {(section.Items.Count == 0 ? default : Items(section))}

        """);

    private static Html Items(ReportSection section) => Html($"""
        <table><tr><th>Time</th><th>Actor</th><th>Action</th><th>Resource</th><th>Result</th><th>Address</th></tr>
        {section.Items.Select(Item)}</table>
        <p>{(section.IsCut ? "There were more; the export has them all." : "")}</p>

        """);

    private static Html Item(RecordLine line) => Html($"""
        <tr><td>{line.OccurredAt}</td><td>{line.Actor.Name ?? line.Actor.Id}</td><td>{line.Action}</td><td>{line.Resource.Type} {line.Resource.Id}</td><td>{line.Result}</td><td>{line.Address}</td></tr>

        """);

    private static Html Retention(RetentionState retention) => Html($"""
        <h2>State of retention</h2>
        <p>Records are kept for {retention.Days} days. {retention.Dropped.Count} days were dropped within the period.</p>
        <table><tr><th>Day</th><th>Dropped at</th></tr>
        {retention.Dropped.Select(day => Html($"""
        <tr><td>{day.Day}</td><td>{day.DroppedAt}</td></tr>

        """))}</table>
        <table><tr><th>Legal hold of</th><th>Reason</th><th>Placed</th><th>Released</th></tr>
        {retention.Holds.Select(Hold)}</table>

        """);

    private static Html Hold(LegalHold hold) => Html($"""
        <tr><td>{hold.Subject ?? "everybody"}</td><td>{hold.Reason}</td><td>{hold.PlacedAt} by {hold.PlacedBy}</td><td>{hold.ReleasedAt} {hold.ReleasedBy}</td></tr>

        """);

    private static Html Integrity(IntegrityState integrity) => Html($"""
        <h2>State of integrity</h2>
        <p>{integrity.Checkpoints} signed checkpoints were published within the period. The check made for this report went over the places
        {integrity.Check.From} to {integrity.Check.To - 1} of {integrity.Check.Size} and found the log {(integrity.Check.Intact ? "intact" : "NOT INTACT")},
        by {integrity.Check.Checkpoints} checkpoints.</p>
        <table><tr><th>Fault</th><th>From</th><th>To</th><th>What</th></tr>
        {integrity.Check.Faults.Select(Fault)}</table>
        <pre>{integrity.Last}</pre>

        """);

    private static Html Fault(LogFault fault) => Html($"""
        <tr><td>{fault.Kind}</td><td class="n">{fault.From}</td><td class="n">{fault.To - 1}</td><td>{fault.Text}</td></tr>

        """);

    private static Html Completeness(CompletenessState completeness) => Html($"""
        <h2>State of completeness</h2>
        <p>Windows of the gateways: {completeness.Complete} complete, {completeness.Pending} pending, {completeness.Gap} with a gap
        ({completeness.Missing} records missing, {completeness.Dropped} requests that could not be recorded).</p>
        <table><tr><th>Gateway</th><th>From</th><th>To</th><th>Missing</th><th>Dropped</th><th>Kind</th></tr>
        {completeness.Gaps.Select(Gap)}</table>

        """);

    private static Html Gap(CompletenessWindow window) => Html($"""
        <tr><td>{window.Gateway}</td><td>{window.From}</td><td>{window.To}</td><td class="n">{window.Missing}</td><td class="n">{window.Dropped}</td><td>{window.Kind}</td></tr>

        """);
}
