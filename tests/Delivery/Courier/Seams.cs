using System.Data.Common;
using System.Diagnostics;
using MassTransit;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Delivery.Courier;

/// <summary>Places between two steps that must not be apart.</summary>
internal enum Seam
{
    /// <summary>The change is committed with its event; nothing has been sent.</summary>
    BeforePublish,

    /// <summary>The broker has confirmed the event; its row is still in the outbox.</summary>
    AfterConfirm,

    /// <summary>The handler's effect is committed; the message is not acknowledged.</summary>
    AfterHandling,
}

/// <summary>Kills the process, as kill -9 does, the next time that it comes to a place.</summary>
internal sealed class Seams
{
    private int _armed = -1;

    public void Arm(Seam seam) => Volatile.Write(ref _armed, (int)seam);

    public void Pass(Seam seam)
    {
        if (Volatile.Read(ref _armed) == (int)seam)
        {
            Process.GetCurrentProcess().Kill();
        }
    }
}

internal sealed class PublishSeam(Seams seams) : IPublishObserver
{
    public Task PrePublish<T>(PublishContext<T> context)
        where T : class => PassAsync(Seam.BeforePublish);

    public Task PostPublish<T>(PublishContext<T> context)
        where T : class => PassAsync(Seam.AfterConfirm);

    public Task PublishFault<T>(PublishContext<T> context, Exception exception)
        where T : class => Task.CompletedTask;

    private Task PassAsync(Seam seam)
    {
        seams.Pass(seam);
        return Task.CompletedTask;
    }
}

internal sealed class CommitSeam(Seams seams) : DbTransactionInterceptor
{
    public override Task TransactionCommittedAsync(
        DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        seams.Pass(Seam.AfterHandling);
        return Task.CompletedTask;
    }
}
