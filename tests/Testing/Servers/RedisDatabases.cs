using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Platform.Testing.Servers;

/// <summary>Hands out the numbered databases of the shared Redis.</summary>
internal static class RedisDatabases
{
    private const int Last = 511;

    public static async Task<int> NextAsync(string redis, CancellationToken cancellationToken)
    {
        var address = redis.Split(',')[0].Split(':');
        var password = redis.Split("password=")[1].Split(',')[0];
        using var client = new TcpClient();
        await client.ConnectAsync(address[0], int.Parse(address[1], CultureInfo.InvariantCulture), cancellationToken);
        await using var stream = client.GetStream();
        using var reader = new StreamReader(stream);

        await SendAsync($"AUTH {password}");
        var taken = long.Parse((await SendAsync("INCR platform:test-databases"))[1..], CultureInfo.InvariantCulture);
        var number = (int)((taken - 1) % Last) + 1;
        await SendAsync(string.Create(CultureInfo.InvariantCulture, $"SELECT {number}"));
        await SendAsync("FLUSHDB");
        return number;

        async Task<string> SendAsync(string command)
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes(command + "\r\n"), cancellationToken);
            var answer = await reader.ReadLineAsync(cancellationToken);
            return answer is { Length: > 0 } && answer[0] != '-' ? answer : throw new InvalidOperationException($"Redis answers {answer}");
        }
    }
}
