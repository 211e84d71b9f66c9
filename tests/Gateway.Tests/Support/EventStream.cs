namespace Gateway.Tests.Support;

/// <summary>An open event stream, seen from its client.</summary>
internal sealed class EventStream(HttpResponseMessage answer, StreamReader reader) : IDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    public static async Task<EventStream> OpenAsync(GatewayHost gateway, string token)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, "/api/v1/notifications/stream");
        request.Headers.Authorization = new("Bearer", token);
        var answer = await gateway.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).WaitAsync(Soon);
        EventStream stream = new(answer, new StreamReader(await answer.Content.ReadAsStreamAsync()));
        await stream.MustGoOnAsync();
        return stream;
    }

    /// <summary>Reads what was sent before, and then something new.</summary>
    public async Task MustGoOnAsync()
    {
        var began = TimeProvider.System.GetTimestamp();
        do
        {
            Assert.NotNull(await reader.ReadLineAsync().WaitAsync(Soon));
        }
        while (TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromMilliseconds(100));
    }

    public Task MustEndAsync() => Assert.ThrowsAnyAsync<IOException>(ReadOnAsync).WaitAsync(Soon);

    public void Dispose()
    {
        reader.Dispose();
        answer.Dispose();
    }

    private async Task ReadOnAsync()
    {
        while (await reader.ReadLineAsync() is not null)
        {
            // cut off, not ended
        }
    }
}
