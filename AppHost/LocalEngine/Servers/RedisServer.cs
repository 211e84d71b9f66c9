using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Platform.LocalEngine.Running;

namespace Platform.LocalEngine.Servers;

/// <summary>Redis as a process of ours, asking for a password.</summary>
internal sealed class RedisServer(RedisResource resource, string folder, EngineOptions options, ServerPrograms programs, ProcessSpawner spawner) : Workload
{
    private readonly EndpointAnnotation _endpoint = resource.PrimaryEndpoint.EndpointAnnotation;

    public override async Task<RunningWorkload> StartAsync(ConsoleLog log, CancellationToken cancellationToken)
    {
        var program = programs.Require(ServerKind.Redis);
        var persistent = resource.Annotations.OfType<DataVolumeAnnotation>().Any();

        // In a file, not in arguments, which every user of the machine can read.
        var configuration = Path.Combine(folder, "redis.conf");
        var password = await resource.PasswordParameter!.GetValueAsync(cancellationToken);
        await File.WriteAllTextAsync(
            configuration,
            string.Create(CultureInfo.InvariantCulture, $"""
                port {_endpoint.AllocatedPorts[0]}
                bind 127.0.0.1
                requirepass "{password}"
                dir "{folder}"
                daemonize no
                databases 512
                save ""
                appendonly {(persistent ? "yes" : "no")}
                appendfsync {(options.Durable ? "everysec" : "no")}

                """),
            cancellationToken);
        return await spawner.StartAsync(new ProcessCommand(program, [configuration], folder), log);
    }

    public override async Task<string?> ProbeAsync(CancellationToken cancellationToken)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(IPAddress.Loopback, _endpoint.AllocatedPorts[0], cancellationToken);
            var stream = client.GetStream();
            var password = await resource.PasswordParameter!.GetValueAsync(cancellationToken);
            await stream.WriteAsync(Encoding.UTF8.GetBytes($"*2\r\n$4\r\nAUTH\r\n${password!.Length}\r\n{password}\r\n*1\r\n$4\r\nPING\r\n"), cancellationToken);
            using var reader = new StreamReader(stream);
            var authenticated = await reader.ReadLineAsync(cancellationToken);
            var pong = await reader.ReadLineAsync(cancellationToken);
            return pong == "+PONG" ? null : $"answers {authenticated} {pong}"; // -LOADING while it reads its file
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return e.Message;
        }
    }

    public override void TakeOtherPorts() => _endpoint.AllocatedPorts[0] = FreePorts.Next();
}
