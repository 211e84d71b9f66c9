using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace Platform.Testing.Servers;

/// <summary>RabbitMQ's management API.</summary>
public sealed class BrokerManagement : IDisposable
{
    private readonly HttpClient _http;
    private readonly string _amqp;

    internal BrokerManagement(string url, string amqp)
    {
        _amqp = amqp;
        _http = new HttpClient { BaseAddress = new Uri(url) };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(new Uri(amqp).UserInfo))));
    }

    /// <summary>Messages in a queue, ready and unacknowledged; null when there is no such queue. The broker counts every five seconds.</summary>
    /// <param name="amqp">The address that <see cref="PlatformServers.CreateMessagingAsync"/> returned.</param>
    public async Task<int?> CountMessagesAsync(string amqp, string queue, CancellationToken cancellationToken = default)
    {
        var queues = await QueuesAsync(amqp, cancellationToken);
        var found = queues.FirstOrDefault(q => q.GetProperty("name").GetString() == queue);
        return found.ValueKind == JsonValueKind.Undefined ? null : found.TryGetProperty("messages", out var messages) ? messages.GetInt32() : 0;
    }

    /// <summary>The queues of a virtual host as the API describes them.</summary>
    public async Task<IReadOnlyList<JsonElement>> QueuesAsync(string amqp, CancellationToken cancellationToken = default)
    {
        var queues = await _http.GetFromJsonAsync<JsonElement>($"/api/queues/{Uri.EscapeDataString(VirtualHostOf(amqp))}", cancellationToken);
        return [.. queues.EnumerateArray()];
    }

    public void Dispose() => _http.Dispose();

    internal async Task<string> CreateVirtualHostAsync(string name, CancellationToken cancellationToken)
    {
        // Who makes a virtual host by this API has all rights in it.
        using var response = await _http.PutAsJsonAsync($"/api/vhosts/{name}", new { }, cancellationToken);
        response.EnsureSuccessStatusCode();
        return $"{_amqp}/{name}";
    }

    private static string VirtualHostOf(string amqp) => Uri.UnescapeDataString(new Uri(amqp).AbsolutePath.TrimStart('/'));
}
