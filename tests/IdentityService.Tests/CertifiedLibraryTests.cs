using System.Buffers.Text;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text.Json;
using IdentityService.Accounts;
using IdentityService.Clients;
using IdentityService.Tests.Support;

namespace IdentityService.Tests;

/// <summary>
/// Relying-party libraries that others wrote and had certified (openid-client, oauth4webapi), unchanged, from the npm
/// registry at the versions of the lock file. Node.js is installed as the servers are, where it is missing.
/// </summary>
public sealed class CertifiedLibraryTests(IdentityApi api)
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Run_EveryFlow_Holds()
    {
        var (port, logoutPort) = (FreePort(), FreePort());
        var issuer = $"http://127.0.0.1:{port}";
        await using var host = IdentityHost.Start(
            await api.NewBackingAsync(), services: IdentityHost.FastHashes, port: port, settings: [("Authentication:Issuer", issuer), ("Registration:DefaultRole", Role.Viewer)]);
        using var http = host.CreateClient();
        var person = new Person(http);
        await person.RegisterAsync();
        var confidential = await Application.RegisterAsync(host, http);
        var open = await Application.RegisterAsync(host, http, proof: ClientProof.None);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var robot = await Application.RegisterAsync(host, http, proof: ClientProof.PrivateKey, change: row =>
        {
            row.GrantTypes = [.. row.GrantTypes, ClientTokens.Grant];
            row.KeySet = JsonSerializer.Serialize(new { keys = new[] { Jwk(key.ExportParameters(false)) } });
            row.BackChannelLogoutUri = $"http://127.0.0.1:{logoutPort}/logout";
        });
        var input = JsonSerializer.Serialize(new
        {
            issuer,
            person = new { username = person.UserName, password = person.Password },
            confidential = new { id = confidential.Client.Id, secret = confidential.Client.Secret },
            open = new { id = open.Client.Id },
            robot = new { id = robot.Client.Id, key = Jwk(key.ExportParameters(true)) },
            redirectUri = Application.RedirectUri,
            signedOutUri = Application.SignedOutUri,
            logoutPort,
        });

        var folder = Directory.CreateTempSubdirectory("relying-party-");
        try
        {
            foreach (var file in Directory.GetFiles(Source()))
            {
                File.Copy(file, Path.Combine(folder.FullName, Path.GetFileName(file)));
            }

            await InstallNodeAsync(folder.FullName);
            await RunAsync(folder.FullName, "npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts"], input);
            var output = await RunAsync(folder.FullName, "node", ["flows.mjs"], input);

            Assert.Equal(17, output.Split('\n').Count(line => line.StartsWith("ok ", StringComparison.Ordinal)));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task InstallNodeAsync(string folder)
    {
        var paths = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        if (Array.TrueForAll(["node", "npm"], (string name) => Array.Exists(paths, path => File.Exists(Path.Combine(path, name)))))
        {
            return;
        }

        Assert.True(Environment.IsPrivilegedProcess, "Node.js is missing: apt-get install nodejs npm");
        await RunAsync(folder, "apt-get", ["update", "-qq"], "");
        await RunAsync(folder, "apt-get", ["install", "-y", "-qq", "nodejs", "npm"], "");
    }

    private static async Task<string> RunAsync(string folder, string program, string[] arguments, string input)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            Environment = { ["FLOWS"] = input },
        }) ?? throw new InvalidOperationException($"{program} did not start.");
        using var deadline = new CancellationTokenSource(Longest);
        var output = process.StandardOutput.ReadToEndAsync(deadline.Token);
        var error = process.StandardError.ReadToEndAsync(deadline.Token);
        try
        {
            await process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        Assert.True(process.ExitCode == 0, $"{program} ended with {process.ExitCode}:\n{await output}\n{await error}");
        return await output;
    }

    private static Dictionary<string, string> Jwk(ECParameters key)
    {
        Dictionary<string, string> jwk = new(StringComparer.Ordinal)
        {
            ["kty"] = "EC",
            ["crv"] = "P-256",
            ["x"] = Base64Url.EncodeToString(key.Q.X),
            ["y"] = Base64Url.EncodeToString(key.Q.Y),
        };
        if (key.D is not null)
        {
            jwk["d"] = Base64Url.EncodeToString(key.D);
        }

        return jwk;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static string Source([CallerFilePath] string file = "") => Path.Combine(Path.GetDirectoryName(file)!, "RelyingParty");
}
