using Microsoft.Extensions.Configuration;
using Platform.LocalEngine.Running;
using Platform.LocalEngine.Servers;

namespace AppHost.Tests;

public sealed class FindingServersTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("servers-").FullName;
    private readonly ServerPrograms _programs = new(new ConfigurationManager());

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Find_LinkThatLeadsNowhere_IsPassedOver()
    {
        File.CreateSymbolicLink(Path.Combine(_folder, "some-server"), Path.Combine(_folder, "gone"));

        Assert.Null(_programs.Find(Kind(_folder)));
    }

    [Fact]
    public void Companion_OfALink_IsFoundBesideTheProgramItself()
    {
        var real = Directory.CreateDirectory(Path.Combine(_folder, "real")).FullName;
        File.WriteAllText(Path.Combine(real, "some-server"), "");
        File.CreateSymbolicLink(Path.Combine(_folder, "some-server"), Path.Combine(real, "some-server"));

        File.WriteAllText(Path.Combine(real, "some-tool"), "");

        var program = _programs.Require(Kind(_folder));

        Assert.Equal(Path.Combine(_folder, "some-server"), program); // a program may go by the name it is called by
        Assert.Equal(Path.Combine(real, "some-tool"), ServerPrograms.Companion(program, "some-tool"));
    }

    [Fact]
    public void Find_SeveralVersions_TakesTheNewest()
    {
        foreach (var version in (string[])["9", "15", "17"])
        {
            File.WriteAllText(Path.Combine(Directory.CreateDirectory(Path.Combine(_folder, version, "bin")).FullName, "some-server"), "");
        }

        Assert.Equal(Path.Combine(_folder, "17", "bin", "some-server"), _programs.Find(Kind($"{_folder}/*/bin")));
    }

    [Fact]
    public void Require_Missing_NamesTheCommandAndTheWayAround()
    {
        var fault = Assert.Throws<EngineFault>(() => _programs.Require(Kind(_folder)));

        Assert.Equal(ExitCodes.ServerUnavailable, fault.ExitCode);
        Assert.Contains("install some-package", fault.Message, StringComparison.Ordinal);
        Assert.Contains("ConnectionStrings__some", fault.Message, StringComparison.Ordinal);
    }

    private static ServerKind Kind(string folder) =>
        new("Some", "Some server", "some-server", [folder], "some-package", "some-package", "ConnectionStrings__some");
}
