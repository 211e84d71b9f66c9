using System.Diagnostics;
using System.Text;
using ServiceDefaults.Logging;

namespace ServiceDefaults.Tests.Logging;

public sealed class StuckConsoleTests
{
    [Fact]
    public void Enqueue_ConsoleIsStuck_NeverBlocksAndTellsWhatWasLost()
    {
        using StuckStream console = new();
        LogQueue queue = new(console, TimeProvider.System);
        Stopwatch watch = Stopwatch.StartNew();
        for (int line = 0; line < LogQueue.Capacity + 500; line++)
        {
            queue.Enqueue("{}\n"u8);
        }

        Assert.True(watch.Elapsed < StuckStream.StuckFor);
        Assert.InRange(queue.Dropped, 1, 500);

        console.Release();
        queue.Dispose();
        Assert.Contains("Log lines were dropped", Encoding.UTF8.GetString(console.ToArray()), StringComparison.Ordinal);
        Assert.Contains($"\"droppedSinceStart\":{queue.Dropped}", Encoding.UTF8.GetString(console.ToArray()), StringComparison.Ordinal);
    }

    private sealed class StuckStream : MemoryStream
    {
        public static readonly TimeSpan StuckFor = TimeSpan.FromSeconds(10);

        private readonly ManualResetEventSlim _open = new();

        public void Release() => _open.Set();

        // The span overload ends up here as well.
        public override void Write(byte[] buffer, int offset, int count)
        {
            _open.Wait(StuckFor);
            base.Write(buffer, offset, count);
        }

        protected override void Dispose(bool disposing)
        {
            _open.Dispose();
            base.Dispose(disposing);
        }
    }
}
