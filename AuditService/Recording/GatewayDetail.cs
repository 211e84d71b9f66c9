using System.Text.Json;

namespace AuditService.Recording;

/// <summary>The document of a gateway's records, which is the same for all of them and is not made for each anew.</summary>
internal static class GatewayDetail
{
    private static volatile Known? s_last;

    public static string? Of(string gateway, Cleaning cleaning)
    {
        if (s_last is { } last && last.Gateway == gateway)
        {
            return last.Detail;
        }

        var detail = cleaning.Document("detail", JsonSerializer.SerializeToElement(new { gateway }));
        if (cleaning.Marks.Length == 0)
        {
            s_last = new Known(gateway, detail);
        }

        return detail;
    }

    private sealed record Known(string Gateway, string? Detail);
}
