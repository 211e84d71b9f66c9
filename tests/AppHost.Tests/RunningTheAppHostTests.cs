using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using AppHost.Tests.Support;
using Npgsql;
using Platform.LocalEngine.Running;
using Platform.Testing;

namespace AppHost.Tests;

public sealed class RunningTheAppHostTests : IDisposable
{
    private const string Servers = "--Only=postgres,redis,messaging,mail";

    // The AppHost kills what has not ended in 9 s; the rest is for a busy machine.
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(30);

    private readonly string _folder = Directory.CreateTempSubdirectory("apphost-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Killed_WithAllServersRunning_LeavesNoDescendant()
    {
        using var apphost = AppHostProcess.Start(_folder, Servers);
        await apphost.WaitUntilUpAsync();
        var family = ProcessTree.Descendants(apphost.Id).Select(Identity).ToList();
        Assert.Contains(family, p => p.Contains("(postgres)", StringComparison.Ordinal));
        Assert.Contains(family, p => p.Contains("(beam.smp)", StringComparison.Ordinal));
        Assert.Contains(family, p => p.Contains("(epmd)", StringComparison.Ordinal));

        apphost.Signal(Posix.KillNow);

        await Eventually.Async(() => !family.Exists(IsStillThere), StopLimit, "a child outlived the AppHost");
    }

    [Fact]
    public async Task Interrupted_StopsInTimeAndTheNextRunFindsTheData()
    {
        string password;
        using (var first = AppHostProcess.Start(_folder, Servers))
        {
            await first.WaitUntilUpAsync();
            var family = ProcessTree.Descendants(first.Id).Select(Identity).ToList();
            password = PasswordIn(first.Output);
            await ExecuteAsync(first, "CREATE TABLE kept (id int); INSERT INTO kept VALUES (7)");

            first.Signal(Posix.Interrupt);

            Assert.Equal(ExitCodes.Success, await first.ExitCodeAsync(StopLimit));
            await Eventually.Async(() => !family.Exists(IsStillThere), StopLimit, "a child outlived the AppHost");
        }

        using var second = AppHostProcess.Start(_folder, Servers);
        await second.WaitUntilUpAsync();
        Assert.Equal(password, PasswordIn(second.Output));
        Assert.Equal(7, await ExecuteAsync(second, "SELECT id FROM kept"));
        second.Signal(Posix.Terminate);
        Assert.Equal(ExitCodes.Success, await second.ExitCodeAsync(StopLimit));
    }

    [Fact]
    public async Task Secrets_Generated_AreReadableByTheOwnerAlone()
    {
        using var apphost = AppHostProcess.Start(_folder, "--Only=mail");
        await apphost.WaitUntilUpAsync();

        var secrets = Path.Combine(_folder, "secrets.json");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(secrets));
        Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(_folder) & (UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite));
        Assert.Equal(24, PasswordIn(apphost.Output).Length);
        Assert.Contains(PasswordIn(apphost.Output), await File.ReadAllTextAsync(secrets), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Parameter_Configured_WinsAndIsNotWrittenDown()
    {
        using var apphost = AppHostProcess.Start(_folder, "--Only=mail", "--Parameters:admin_password=chosen-by-me");
        await apphost.WaitUntilUpAsync();

        Assert.Equal("chosen-by-me", PasswordIn(apphost.Output));
        Assert.False(File.Exists(Path.Combine(_folder, "secrets.json")));
    }

    [Fact]
    public async Task PortInUse_FailsAtOnceNamingPortAndRemedy()
    {
        using var occupant = new TcpListener(IPAddress.Loopback, 8080);
        try
        {
            occupant.Start();
        }
        catch (SocketException)
        {
            // Somebody else occupies it, which serves as well.
        }

        using var apphost = AppHostProcess.Start(_folder, "--Only=gateway");

        Assert.Equal(ExitCodes.PortInUse, await apphost.ExitCodeAsync(SampleModel.Patience));
        Assert.Contains("Port 8080, which 'gateway' needs, is in use", apphost.Output, StringComparison.Ordinal);
        Assert.Contains("ss -ltnp", apphost.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ServerBinary_Broken_FailsWithItsWords()
    {
        var programs = Directory.CreateDirectory(Path.Combine(_folder, "broken")).FullName;
        var program = Path.Combine(programs, "redis-server");
        await File.WriteAllTextAsync(program, "#!/bin/sh\necho 'libfoo.so not found' >&2\nexit 127\n");
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);

        using var apphost = AppHostProcess.Start(_folder, "--Only=redis", $"--Servers:Redis:Folder={programs}");

        Assert.Equal(ExitCodes.ServerUnavailable, await apphost.ExitCodeAsync(SampleModel.Patience));
        Assert.Contains("exit code 127", apphost.Output, StringComparison.Ordinal);
        Assert.Contains("libfoo.so not found", apphost.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SecondRun_OnTheSameData_IsRefused()
    {
        using var first = AppHostProcess.Start(_folder, "--Only=mail");
        await first.WaitUntilUpAsync();

        using var second = AppHostProcess.Start(_folder, "--Only=mail");

        Assert.Equal(ExitCodes.AlreadyRunning, await second.ExitCodeAsync(SampleModel.Patience));
        Assert.Contains("Another AppHost already runs", second.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--Only=no-such-thing", "There is no resource 'no-such-thing'")]
    [InlineData("explode", "Unknown argument 'explode'")]
    [InlineData("publish", "not available")]
    public async Task Arguments_Wrong_AreRefusedByName(string argument, string message)
    {
        using var apphost = AppHostProcess.Start(_folder, argument);

        Assert.Equal(ExitCodes.Usage, await apphost.ExitCodeAsync(SampleModel.Patience));
        Assert.Contains(message, apphost.Output, StringComparison.Ordinal);
    }

    private static string PasswordIn(string output) => output.Split("admin / ")[1].Split('\n')[0].Trim();

    // Number and start time together: numbers are given out again. A zombie has ended.
    private static string Identity(int pid)
    {
        var stat = File.ReadAllText($"/proc/{pid}/stat");
        return $"{stat[..(stat.LastIndexOf(')') + 1)]} {stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[19]}";
    }

    private static bool IsStillThere(string identity)
    {
        var pid = int.Parse(identity.Split(' ')[0]);
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            return Identity(pid) == identity && stat[stat.LastIndexOf(')') + 2] != 'Z';
        }
        catch (IOException)
        {
            return false;
        }
    }

    private async Task<object?> ExecuteAsync(AppHostProcess apphost, string sql)
    {
        var port = apphost.Output.Split('\n').Last(l => l.StartsWith("postgres", StringComparison.Ordinal)).Split("localhost:")[1].Split(' ')[0];
        var secrets = JsonSerializer.Deserialize<Dictionary<string, string>>(await File.ReadAllTextAsync(Path.Combine(_folder, "secrets.json")))!;
        await using var connection = new NpgsqlConnection($"Host=127.0.0.1;Port={port};Username=postgres;Password={secrets["Parameters:postgres-password"]};Database=identitydb;Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }
}
