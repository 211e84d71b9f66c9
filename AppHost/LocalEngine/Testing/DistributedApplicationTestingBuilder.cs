using Platform.LocalEngine.Testing;

namespace Aspire.Hosting.Testing;

/// <summary>The AppHost's model inside a test: free ports, a data folder of its own that is removed at the end.</summary>
public static class DistributedApplicationTestingBuilder
{
    public static Task<IDistributedApplicationTestingBuilder> CreateAsync<TEntryPoint>(CancellationToken cancellationToken = default)
        where TEntryPoint : class => CreateAsync<TEntryPoint>([], cancellationToken);

    public static Task<IDistributedApplicationTestingBuilder> CreateAsync<TEntryPoint>(string[] args, CancellationToken cancellationToken = default)
        where TEntryPoint : class
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(TestApplication.Create(typeof(TEntryPoint), args, new TestApplicationOptions()));
    }
}

/// <summary>The model, open to changes before it is built.</summary>
public interface IDistributedApplicationTestingBuilder : IDistributedApplicationBuilder
{
    Task<DistributedApplication> BuildAsync(CancellationToken cancellationToken = default);
}
