using System.Text;
using System.Text.Json;
using Platform.Testing;

namespace ServiceDefaults.Tests.Support;

/// <summary>Stands in for the console and keeps what is written to it.</summary>
internal sealed class LogOutput : MemoryStream
{
    private readonly Lock _gate = new();

    // The span overload ends up here as well.
    public override void Write(byte[] buffer, int offset, int count)
    {
        lock (_gate)
        {
            base.Write(buffer, offset, count);
        }
    }

    public string Text()
    {
        lock (_gate)
        {
            return Encoding.UTF8.GetString(GetBuffer(), 0, (int)Length);
        }
    }

    public JsonElement[] Lines() =>
        [.. Text().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => JsonDocument.Parse(line).RootElement)];

    /// <summary>The first line that fits, waited for: lines are written behind the caller's back.</summary>
    public async Task<JsonElement> FindAsync(Func<JsonElement, bool> fits)
    {
        JsonElement found = default;
        await Eventually.TrueAsync(() =>
        {
            found = Lines().FirstOrDefault(fits);
            return Task.FromResult(found.ValueKind == JsonValueKind.Object);
        });
        return found;
    }

    public Task<JsonElement> FindMessageAsync(string part) =>
        FindAsync(line => line.GetProperty("message").GetString()!.Contains(part, StringComparison.Ordinal));
}
