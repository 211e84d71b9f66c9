using System.Net.Http.Json;
using System.Text.Json;
using AuditService.Tests.Support;

namespace AuditService.Tests;

public sealed class PagingRecordsTests(RunningAudit audit)
{
    [Fact]
    public async Task List_PagesWhileRecordsArrive_NoneMissedNoneTwice()
    {
        var tenant = RunningAudit.NewId();
        await audit.PublishAsync(Told.Requests(tenant, 500));
        await audit.WaitForLinesAsync(tenant, 500);
        var before = (await audit.LinesAsync(tenant)).ConvertAll(line => line.GetProperty("id").GetGuid());

        using var auditor = audit.VisitAsAuditor(tenant);
        List<Guid> seen = [];
        string? cursor = null;
        var pages = 0;
        do
        {
            // All of one request have the same time: the id alone tells where a page ended.
            var page = await auditor.GetFromJsonAsync<JsonElement>($"/api/v1/audit/logs?limit=37{(cursor is null ? "" : $"&cursor={cursor}")}");
            seen.AddRange(page.GetProperty("items").EnumerateArray().Select(line => line.GetProperty("id").GetGuid()));
            cursor = page.GetProperty("nextCursor").GetString();
            pages++;
            await audit.PublishAsync(Told.Requests(tenant, 5));
        }
        while (cursor is not null && pages < 100);

        Assert.Equal(seen.Count, seen.Distinct().Count());
        Assert.Empty(before.Except(seen));
    }
}
