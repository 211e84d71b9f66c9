using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Platform.Testing;

/// <summary>A service as it is, on Kestrel at a port of loopback. What its start throws reaches whoever starts it.</summary>
/// <typeparam name="TEntryPoint">Any type of the service's assembly.</typeparam>
/// <remarks>
/// The factory runs the service's program on a thread of its own. Left alone, a program that refuses to start may have
/// disposed its services before the factory looks for the refusal, which is then told as an <see cref="ObjectDisposedException"/>.
/// </remarks>
public abstract class ServiceHost<TEntryPoint> : WebApplicationFactory<TEntryPoint>
    where TEntryPoint : class
{
    private readonly int _port;

    /// <param name="port">0 for any free one.</param>
    protected ServiceHost(int port = 0)
    {
        _port = port;
        UseKestrel(port);
    }

    /// <inheritdoc/>
    protected override IHost CreateHost(IHostBuilder builder)
    {
        var start = new HeldStart();
        builder.ConfigureServices(services => services.Replace(ServiceDescriptor.Singleton<IHostLifetime>(start)));
        var host = builder.Build();
        var addresses = host.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>();
        addresses.Addresses.Clear();
        addresses.Addresses.Add($"http://127.0.0.1:{_port}");
        addresses.PreferHostingUrls = true;

        var started = host.StartAsync(); // asks for the outcome; the program itself starts the service
        start.Release();
        started.GetAwaiter().GetResult();
        return host;
    }

    /// <summary>Holds a start until it is released; reads no signals, which are the test run's.</summary>
    private sealed class HeldStart : IHostLifetime
    {
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Release() => _released.SetResult();

        public Task WaitForStartAsync(CancellationToken cancellationToken) => _released.Task.WaitAsync(cancellationToken);

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
