namespace Gateway.RateLimits;

/// <summary>The limits of the address, before the token is looked at: a flood without a good token is to cost little.</summary>
internal sealed class AddressLimits(RequestDelegate next, RateLimiter limiter)
{
    public Task InvokeAsync(HttpContext context)
    {
        var plan = limiter.PlanOf(context);
        if (plan.IsEmpty)
        {
            return next(context);
        }

        RequestLimits request = new(plan);
        RequestState.Of(context).Limits = request;
        var admitted = limiter.AdmitByAddressAsync(context, request);
        return admitted.IsCompletedSuccessfully
            ? Limited.GoOn(next, context, request, admitted.Result)
            : Limited.GoOnAsync(next, context, request, admitted);
    }
}

/// <summary>The limits of who calls, after the token was found good.</summary>
internal sealed class CallerLimits(RequestDelegate next, RateLimiter limiter)
{
    public Task InvokeAsync(HttpContext context)
    {
        var state = RequestState.Of(context);
        if (state.Limits is not { Plan.ByCaller.Length: > 0 } request || state.Token is not { } token)
        {
            return next(context);
        }

        var admitted = limiter.AdmitByCallerAsync(context, request, token);
        return admitted.IsCompletedSuccessfully
            ? Limited.GoOn(next, context, request, admitted.Result)
            : Limited.GoOnAsync(next, context, request, admitted);
    }
}

file static class Limited
{
    public static async Task GoOnAsync(RequestDelegate next, HttpContext context, RequestLimits request, ValueTask<bool> admitted) =>
        await GoOn(next, context, request, await admitted);

    public static Task GoOn(RequestDelegate next, HttpContext context, RequestLimits request, bool admitted) =>
        admitted ? next(context) : GatewayProblems.RateLimited(request.Tightest!.Policy.Name, request.Seconds).ExecuteAsync(context);
}
