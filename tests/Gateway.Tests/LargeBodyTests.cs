using System.Net;
using System.Net.Http.Headers;
using Gateway.Tests.Support;
using ServiceDefaults.Authentication;

namespace Gateway.Tests;

/// <summary>
/// 200 MB each way with memory flat. Client, gateway and service are one process here, so its whole heap is looked at
/// while the bytes flow.
/// </summary>
[Collection(MeasuringTests.Name)]
public sealed class LargeBodyTests(SharedGateway shared) : IDisposable
{
    private const int Block = 1 << 20;
    private const int Blocks = 200;
    private const long MostGrowth = 48L << 20;

    private static readonly byte[] Some = new byte[Block];

    public void Dispose() => shared.Around.Device.Answer = null;

    [Fact]
    public async Task Upload_OfTwoHundredMegabytes_IsStreamedWithMemoryFlat()
    {
        TaskCompletionSource arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var received = 0L;
        shared.Around.Device.Answer = async context =>
        {
            var buffer = new byte[64 * 1024];
            while (await context.Request.Body.ReadAsync(buffer) is > 0 and var read)
            {
                received += read;
                arrived.TrySetResult();
            }
        };
        Growth growth = new();
        UploadContent content = new(arrived.Task, growth) { Headers = { ContentType = new MediaTypeHeaderValue("application/octet-stream") } };

        var answer = await shared.Gateway.SendAsync(HttpMethod.Post, "/api/v1/bundles", shared.Around.Issuer.User(Scopes.DevicesWrite), content);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal((long)Block * Blocks, received);
        Assert.True(growth.Most < MostGrowth, $"the heap grew by {growth.Most >> 20} MB");
    }

    [Fact]
    public async Task Download_OfTwoHundredMegabytes_IsStreamedWithMemoryFlat()
    {
        TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        shared.Around.Device.Answer = async context =>
        {
            await context.Response.Body.WriteAsync(Some);
            await begun.Task; // the client has the first byte before the second block exists
            for (var block = 1; block < Blocks; block++)
            {
                await context.Response.Body.WriteAsync(Some);
            }
        };
        Growth growth = new();
        using HttpRequestMessage request = new(HttpMethod.Get, "/api/v1/bundles/1");
        request.Headers.Authorization = new("Bearer", shared.Around.Issuer.User(Scopes.DevicesRead));
        using var answer = await shared.Gateway.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await using var body = await answer.Content.ReadAsStreamAsync();
        var buffer = new byte[64 * 1024];
        var (received, looked) = (0L, 0L);
        while (await body.ReadAsync(buffer) is > 0 and var read)
        {
            begun.TrySetResult();
            received += read;
            if (received - looked >= 20 * Block)
            {
                looked = received;
                growth.Look();
            }
        }

        Assert.Equal((long)Block * Blocks, received);
        Assert.True(growth.Most < MostGrowth, $"the heap grew by {growth.Most >> 20} MB");
    }

    private sealed class Growth
    {
        private readonly long _before = GC.GetTotalMemory(forceFullCollection: true);

        public long Most { get; private set; }

        public void Look() => Most = Math.Max(Most, GC.GetTotalMemory(forceFullCollection: true) - _before);
    }

    private sealed class UploadContent(Task arrived, Growth growth) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(Some);
            await stream.FlushAsync();
            await arrived; // the first byte is at the service before the second block is sent
            for (var block = 1; block < Blocks; block++)
            {
                await stream.WriteAsync(Some);
                if (block % 20 == 0)
                {
                    growth.Look();
                }
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
