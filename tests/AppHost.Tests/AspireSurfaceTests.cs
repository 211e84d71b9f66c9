using AppHost.Tests.Support;
using Aspire.Hosting;

namespace AppHost.Tests;

/// <summary>
/// Program.cs must compile against Aspire unchanged, so whatever the local engine offers in Aspire's namespaces has to
/// exist there. Approved/Aspire-13.5.txt was written by comparing every line with the API listings of Aspire 13.5
/// and of the community toolkit's MailPit integration; a line that is not in them does not belong into the file.
/// </summary>
public sealed class AspireSurfaceTests
{
    [Fact]
    public async Task PublicMembers_InAspiresNamespaces_AreAspires()
    {
        var approved = await File.ReadAllLinesAsync(Path.Combine(AppContext.BaseDirectory, "Approved", "Aspire-13.5.txt"));

        var actual = PublicSurface.Of(typeof(DistributedApplication).Assembly).ToArray();

        Assert.Empty(actual.Except(approved)); // ours alone: make it internal, or look it up and approve it
        Assert.Empty(approved.Except(actual)); // gone from ours: somebody may rely on it
    }

    [Fact]
    public async Task Program_UsesNothingButTheModel()
    {
        var program = await File.ReadAllTextAsync(Path.Combine(Projects.AppHost.ProjectPath, "Program.cs"));

        Assert.DoesNotContain("LocalEngine", program, StringComparison.Ordinal);
        Assert.DoesNotContain("#if", program, StringComparison.Ordinal);
    }
}
