using System.Globalization;
using System.Security.Cryptography;
using Platform.LocalEngine.Running;

namespace Platform.LocalEngine.Servers;

/// <summary>RabbitMQ as a process of ours, with a port mapper (epmd) of its own so that instances know nothing of each other.</summary>
internal sealed class RabbitMQServer(RabbitMQServerResource resource, string folder, EngineOptions options, ServerPrograms programs, ProcessSpawner spawner) : Workload
{
    private readonly EndpointAnnotation _endpoint = resource.PrimaryEndpoint.EndpointAnnotation;
    private readonly int _managementPort = options.BrokerManagement ? FreePorts.Next() : 0;
    private int _mapperPort = FreePorts.Next();
    private int _distributionPort = FreePorts.Next();
    private ChildProcess? _mapper;

    /// <summary>The management API of a test's broker.</summary>
    public string ManagementUrl => $"http://127.0.0.1:{_managementPort}";

    public override async Task<RunningWorkload> StartAsync(ConsoleLog log, CancellationToken cancellationToken)
    {
        var program = programs.Require(ServerKind.RabbitMQ);
        await WriteConfigurationAsync(cancellationToken);
        var environment = Variables();
        if (_mapper is null or { Exited.IsCompleted: true })
        {
            _mapper = await spawner.StartAsync(
                new ProcessCommand(ServerPrograms.Companion(program, "epmd"), [], folder) { Environment = environment }, log);
        }

        return new Broker(await spawner.StartAsync(new ProcessCommand(program, [], folder) { Environment = environment }, log), _mapper);
    }

    public override async Task<string?> ProbeAsync(CancellationToken cancellationToken) =>
        await AmqpProbe.ConnectAsync(
            _endpoint.AllocatedPorts[0],
            (await resource.UserNameReference.GetValueAsync(cancellationToken))!,
            (await resource.PasswordParameter.GetValueAsync(cancellationToken))!,
            cancellationToken);

    public override void TakeOtherPorts()
    {
        _endpoint.AllocatedPorts[0] = FreePorts.Next();
        _distributionPort = FreePorts.Next();
        _mapper?.Kill();
        _mapperPort = FreePorts.Next();
    }

    private Dictionary<string, string> Variables() => new()
    {
        ["HOME"] = folder, // the Erlang cookie lies in it
        ["RABBITMQ_NODENAME"] = "rabbit@localhost", // part of the data's path, so it must not change between runs
        ["RABBITMQ_MNESIA_BASE"] = Path.Combine(folder, "data"),
        ["RABBITMQ_LOG_BASE"] = Path.Combine(folder, "log"),
        ["RABBITMQ_CONFIG_FILE"] = Path.Combine(folder, "rabbitmq.conf"),
        ["RABBITMQ_ENABLED_PLUGINS_FILE"] = Path.Combine(folder, "enabled_plugins"),
        ["RABBITMQ_CONF_ENV_FILE"] = "/dev/null", // the machine's own settings are for the machine's own broker
        ["RABBITMQ_DIST_PORT"] = _distributionPort.ToString(CultureInfo.InvariantCulture),
        ["ERL_EPMD_PORT"] = _mapperPort.ToString(CultureInfo.InvariantCulture),
        ["ERL_EPMD_ADDRESS"] = "127.0.0.1",

        // Loopback for the distribution too, and no busy waiting of schedulers on a developer's machine.
        ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none",

        // The start script then becomes the Erlang VM instead of waiting for it, and signals reach the right process.
        ["detached"] = "true",
    };

    private async Task WriteConfigurationAsync(CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.Combine(folder, "data"));
        Directory.CreateDirectory(Path.Combine(folder, "log"));
        await File.WriteAllTextAsync(Path.Combine(folder, "enabled_plugins"), options.BrokerManagement ? "[rabbitmq_management].\n" : "[].\n", cancellationToken);
        var user = await resource.UserNameReference.GetValueAsync(cancellationToken);
        var password = await resource.PasswordParameter.GetValueAsync(cancellationToken);
        await File.WriteAllTextAsync(
            Path.Combine(folder, "rabbitmq.conf"),
            string.Create(CultureInfo.InvariantCulture, $"""
                listeners.tcp.1 = 127.0.0.1:{_endpoint.AllocatedPorts[0]}
                default_user = {user}
                default_pass = {password}
                log.console = true
                log.console.level = warning
                log.file = false
                {(options.BrokerManagement ? $"management.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {_managementPort}" : "")}

                """),
            cancellationToken);

        var cookie = Path.Combine(folder, ".erlang.cookie");
        if (!File.Exists(cookie))
        {
            await File.WriteAllTextAsync(cookie, RandomNumberGenerator.GetHexString(32), cancellationToken);
            File.SetUnixFileMode(cookie, UnixFileMode.UserRead); // Erlang insists
        }
    }

    /// <summary>The broker's process; the port mapper ends after it.</summary>
    private sealed class Broker : RunningWorkload
    {
        private readonly ChildProcess _server;

        public Broker(ChildProcess server, ChildProcess mapper)
        {
            _server = server;
            Exited = EndAsync(server, mapper);
        }

        public override Task<int> Exited { get; }

        public override int? ProcessId => _server.ProcessId;

        public override void RequestStop() => _server.RequestStop();

        public override void Kill() => _server.Kill();

        public override void Suspend() => _server.Suspend();

        public override void Resume() => _server.Resume();

        private static async Task<int> EndAsync(ChildProcess server, ChildProcess mapper)
        {
            var exit = await server.Exited;
            mapper.Kill();
            await mapper.Exited;
            return exit;
        }
    }
}
