using Gateway.Destinations;
using Gateway.Edge;
using Gateway.RateLimits;
using Gateway.RequestAudit;
using Gateway.Revocation;
using Gateway.Routing;
using Gateway.SecurityHeaders;
using Gateway.Tokens;

namespace Gateway;

/// <summary>
/// What the parts of the pipeline know of one request, and what each does when its answer begins and when it has ended.
/// One object for all of them, since every feature looked up and every callback registered costs every request.
/// </summary>
internal sealed class RequestState
{
    private readonly HttpContext _context;
    private readonly ServerRefusals.Output? _connection;

    private RequestState(HttpContext context)
    {
        _context = context;
        _connection = context.Features.Get<ServerRefusals.Output>();
        _connection?.HasRequest = true;
    }

    /// <summary>What the route's metadata says; null before routing and when no route fits.</summary>
    public RouteAccess? Access => field ??= _context.GetEndpoint()?.Metadata.GetMetadata<RouteAccess>();

    /// <summary>Whose request it is, once its token was found good.</summary>
    public VerifiedToken? Token { get; set; }

    public RequestLimits? Limits { get; set; }

    public InFlightPlace? Place { get; set; }

    public ResponseDeadline.Running? Deadline { get; set; }

    public OpenRequests.Ticket? Ticket { get; set; }

    public AuditedRequests.Running? Record { get; set; }

    public static RequestState Of(HttpContext context) => context.Features.Get<RequestState>() ?? Begin(context);

    private static RequestState Begin(HttpContext context)
    {
        RequestState state = new(context);
        context.Features.Set(state);
        context.Response.OnStarting(static state => ((RequestState)state).AnswerBegins(), state);
        context.Response.OnCompleted(static state => ((RequestState)state).HasEnded(), state);
        return state;
    }

    private Task AnswerBegins()
    {
        Deadline?.Stop();
        ResponseHeaders.Write(_context, this);
        return Task.CompletedTask;
    }

    // Before the server uses the context for another request.
    private Task HasEnded()
    {
        _connection?.HasRequest = false;
        Ticket?.Leave();
        Place?.Leave();
        Record?.End(_context, this);
        return Task.CompletedTask;
    }
}
