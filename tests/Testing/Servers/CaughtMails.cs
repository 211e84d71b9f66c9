using System.Net.Http.Json;
using Platform.LocalEngine.Mail;

namespace Platform.Testing.Servers;

/// <summary>The mails that the shared catcher holds; every test process sends there, so ask by address.</summary>
public sealed class CaughtMails : IDisposable
{
    private readonly HttpClient _http;

    internal CaughtMails(string url) => _http = new HttpClient { BaseAddress = new Uri(url) };

    /// <summary>Newest first.</summary>
    public async Task<IReadOnlyList<CaughtMail>> ToAsync(string address, CancellationToken cancellationToken = default) =>
        await _http.GetFromJsonAsync<List<CaughtMail>>($"/api/mails?to={Uri.EscapeDataString(address)}", cancellationToken) ?? [];

    /// <summary>The newest mail to the address that fits, waiting up to the deadline (10 s).</summary>
    public async Task<CaughtMail> WaitForAsync(string address, Func<CaughtMail, bool>? fits = null, TimeSpan? deadline = null, CancellationToken cancellationToken = default)
    {
        CaughtMail? found = null;
        await Eventually.Async(
            async () => (found = (await ToAsync(address, cancellationToken)).FirstOrDefault(m => fits?.Invoke(m) != false)) is not null,
            deadline ?? TimeSpan.FromSeconds(10),
            $"no mail came to {address}");
        return found!;
    }

    public void Dispose() => _http.Dispose();
}
