using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

namespace Gateway.Edge;

/// <summary>
/// What the server refuses before there is a request (400, 408, 414, 431, 505) it answers with a bare head, past every
/// middleware. Here such a head is given the problem and the headers of all other refusals, where it leaves for the
/// connection. While a request is under way nothing is looked at.
/// </summary>
internal static class ServerRefusals
{
    public static async Task CompleteAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var transport = connection.Transport;
        Output output = new(transport.Output, connection.ConnectionId);
        connection.Features.Set(output);
        connection.Transport = new Both(transport.Input, output);
        try
        {
            await next(connection);
        }
        finally
        {
            connection.Transport = transport;
        }
    }

    /// <summary>The end of a connection that is written to. Over TLS it sees nothing that it could read, and passes it on.</summary>
    internal sealed class Output(PipeWriter to, string connectionId) : PipeWriter
    {
        private ArrayBufferWriter<byte>? _held;
        private bool _isHolding;

        /// <summary>Whether what is written is a request's answer, not the server's own. Set by the pipeline.</summary>
        public bool HasRequest { get; set; }

        public override bool CanGetUnflushedBytes => to.CanGetUnflushedBytes;

        public override long UnflushedBytes => to.UnflushedBytes + (_held?.WrittenCount ?? 0);

        public override Memory<byte> GetMemory(int sizeHint = 0) => Hold() ? _held!.GetMemory(sizeHint) : to.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => Hold() ? _held!.GetSpan(sizeHint) : to.GetSpan(sizeHint);

        public override void Advance(int bytes)
        {
            if (_isHolding)
            {
                _held!.Advance(bytes);
            }
            else
            {
                to.Advance(bytes);
            }
        }

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
        {
            Release();
            return to.FlushAsync(cancellationToken);
        }

        public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
        {
            Release();
            return to.WriteAsync(source, cancellationToken);
        }

        public override void CancelPendingFlush() => to.CancelPendingFlush();

        public override void Complete(Exception? exception = null)
        {
            Release();
            to.Complete(exception);
        }

        public override ValueTask CompleteAsync(Exception? exception = null)
        {
            Release();
            return to.CompleteAsync(exception);
        }

        private bool Hold()
        {
            _isHolding = !HasRequest;
            if (_isHolding)
            {
                _held ??= new ArrayBufferWriter<byte>();
            }
            else
            {
                Release();
            }

            return _isHolding;
        }

        private void Release()
        {
            if (_held is { WrittenCount: > 0 } held)
            {
                if (RefusalText.Of(held.WrittenSpan, connectionId) is { } whole)
                {
                    to.Write(whole);
                }
                else
                {
                    to.Write(held.WrittenSpan);
                }

                held.ResetWrittenCount();
            }
        }
    }

    private sealed class Both(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input => input;

        public PipeWriter Output => output;
    }
}
