namespace IdentityService.Grouping;

/// <summary>
/// Lets what many requests ask of the database at the same time go there in one statement, which costs hardly more than
/// one of them alone. An asker who is alone goes at once; those who come while a group is at the database make up the next
/// one. So every answer comes of a statement that began after it was asked for: nothing is told from memory.
/// </summary>
/// <param name="work">Asks for a whole group; as many answers, in the same order.</param>
/// <typeparam name="TAsk">What one request asks.</typeparam>
/// <typeparam name="TAnswer">What it is told.</typeparam>
internal sealed class Grouped<TAsk, TAnswer>(Func<IReadOnlyList<TAsk>, Task<IReadOnlyList<TAnswer>>> work)
{
    // Keeps a statement's time, and with it everyone's, in bounds.
    private const int Most = 128;

    private readonly Lock _lock = new();
    private readonly Queue<Asker> _waiting = [];
    private bool _busy;

    /// <summary>Asks along with the others. A fault of the group is everybody's in it.</summary>
    /// <param name="ask">The question.</param>
    /// <param name="cancellationToken">Ends the waiting, not the group's work.</param>
    public Task<TAnswer> AskAsync(TAsk ask, CancellationToken cancellationToken)
    {
        var asker = new Asker(ask);
        bool first;
        lock (_lock)
        {
            _waiting.Enqueue(asker);
            first = !_busy;
            _busy = true;
        }

        if (first)
        {
            _ = RunAsync();
        }

        return asker.Answer.Task.WaitAsync(cancellationToken);
    }

    private async Task RunAsync()
    {
        while (Next() is { Count: > 0 } group)
        {
            // In the flow of one who asks in it, whose trace and log lines have the statement: never in that of a request
            // that has long been answered.
            var answered = Task.CompletedTask;
            ExecutionContext.Run(group[0].Flow, _ => answered = AnswerAsync(group), null);
            await answered;
        }
    }

    private List<Asker> Next()
    {
        lock (_lock)
        {
            List<Asker> group = new(Math.Min(_waiting.Count, Most));
            while (group.Count < Most && _waiting.TryDequeue(out var asker))
            {
                group.Add(asker);
            }

            _busy = group.Count > 0;
            return group;
        }
    }

    private async Task AnswerAsync(List<Asker> group)
    {
        try
        {
            var answers = await work(group.ConvertAll(static asker => asker.Ask));
            for (var at = 0; at < group.Count; at++)
            {
                group[at].Answer.SetResult(answers[at]);
            }
        }
        catch (Exception fault)
        {
            // Not handled here but handed on: each of the requests handles it as if it had asked alone.
            group.ForEach(asker => asker.Answer.TrySetException(fault));
        }
    }

    private sealed class Asker(TAsk ask)
    {
        public TAsk Ask { get; } = ask;

        public TaskCompletionSource<TAnswer> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        // Null only where the flow is suppressed, which no request does.
        public ExecutionContext Flow { get; } = ExecutionContext.Capture()!;
    }
}
