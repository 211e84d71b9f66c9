using Platform.Testing;

namespace Gateway.Tests.Support;

/// <summary>One gateway for all tests that leave it as they found it.</summary>
public sealed class SharedGateway(PlatformServers servers) : IAsyncLifetime
{
    internal PlatformServers Servers => servers;

    internal Surroundings Around { get; private set; } = null!;

    internal GatewayHost Gateway { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Around = await Surroundings.StartAsync(servers);
        Gateway = await Around.StartGatewayAsync();
    }

    public ValueTask DisposeAsync() => Around.DisposeAsync();
}

/// <summary>Tests on the shared gateway, one after another.</summary>
[CollectionDefinition(Name)]
public sealed class SharedGatewayTests : ICollectionFixture<SharedGateway>
{
    public const string Name = "shared gateway";
}

/// <summary>Tests that look at the memory or the speed of the whole process: nothing else runs beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class MeasuringTests : ICollectionFixture<SharedGateway>
{
    public const string Name = "measuring";
}
