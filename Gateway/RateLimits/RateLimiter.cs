using Gateway.Tokens;
using ServiceDefaults.Contracts;

namespace Gateway.RateLimits;

/// <summary>
/// Admits requests or refuses them. A permit that is here is taken at once; where there may be more in Redis, the request
/// waits for the next exchange (<c>RateLimits:Pace</c>), which asks for all who wait.
/// </summary>
internal sealed class RateLimiter(RateLimitPlans plans, PermitSharing sharing)
{
    // A grant can be used up by others who waited too. That often in a row means that it is contended, and as good as used up.
    private const int MostRounds = 20;

    public RoutePlan PlanOf(HttpContext context) =>
        context.GetEndpoint()?.Metadata.GetMetadata<RouteLimits>()?.In(plans.Current) ?? plans.Current.WithoutRoute;

    public ValueTask<bool> AdmitByAddressAsync(HttpContext context, RequestLimits request)
    {
        var policies = request.Plan.ByAddress;
        if (policies.Length == 0)
        {
            return new(true);
        }

        var key = PartitionKey.Of(context.Connection.RemoteIpAddress, plans.Current.Options.AddressPrefix);
        var now = sharing.Now;
        for (var index = 0; index < policies.Length; index++)
        {
            var partition = policies[index].PartitionOf(key, null, now);
            if (!TryAdmit(request, partition, now, out var refused))
            {
                return refused ? new(false) : GoOnByAddressAsync(context, request, partition, index, key);
            }
        }

        return new(true);
    }

    public ValueTask<bool> AdmitByCallerAsync(HttpContext context, RequestLimits request, VerifiedToken token)
    {
        var policies = request.Plan.ByCaller;
        var now = sharing.Now;
        for (var index = 0; index < policies.Length; index++)
        {
            if (KeyOf(policies[index].Kind, token) is not { } key)
            {
                continue;
            }

            var partition = policies[index].PartitionOf(key, LimitOf(policies[index].Kind, token), now);
            if (!TryAdmit(request, partition, now, out var refused))
            {
                return refused ? new(false) : GoOnByCallerAsync(context, request, partition, index, token);
            }
        }

        return new(true);
    }

    private bool TryAdmit(RequestLimits request, Partition partition, long now, out bool refused)
    {
        var take = partition.TryTake(now);
        refused = take == Take.Refused;
        if (refused)
        {
            request.Refuse(partition, now);
            return false;
        }

        sharing.Enqueue(partition);
        if (take == Take.Undecided)
        {
            return false;
        }

        request.Hold(partition, now);
        return true;
    }

    private async ValueTask<bool> GoOnByAddressAsync(HttpContext context, RequestLimits request, Partition partition, int index, PartitionKey key)
    {
        while (await WaitAsync(context, request, partition))
        {
            if (++index == request.Plan.ByAddress.Length)
            {
                return true;
            }

            partition = request.Plan.ByAddress[index].PartitionOf(key, null, sharing.Now);
        }

        return false;
    }

    private async ValueTask<bool> GoOnByCallerAsync(HttpContext context, RequestLimits request, Partition partition, int index, VerifiedToken token)
    {
        while (await WaitAsync(context, request, partition))
        {
            PartitionKey? key = null;
            while (key is null && ++index < request.Plan.ByCaller.Length)
            {
                key = KeyOf(request.Plan.ByCaller[index].Kind, token);
            }

            if (key is null)
            {
                return true;
            }

            var policy = request.Plan.ByCaller[index];
            partition = policy.PartitionOf(key.Value, LimitOf(policy.Kind, token), sharing.Now);
        }

        return false;
    }

    private async ValueTask<bool> WaitAsync(HttpContext context, RequestLimits request, Partition partition)
    {
        for (var round = 0; round < MostRounds; round++)
        {
            // Taken before the attempt: a round that ends in between must not be missed.
            var next = sharing.NextRound;
            if (TryAdmit(request, partition, sharing.Now, out var refused))
            {
                return true;
            }

            if (refused)
            {
                return false;
            }

            await next.WaitAsync(context.RequestAborted);
        }

        request.Refuse(partition, sharing.Now);
        return false;
    }

    // With an API key the key counts in place of its owner, so that keys can be given more or less than a person has.
    private static PartitionKey? KeyOf(PartitionKind kind, VerifiedToken token) => kind switch
    {
        PartitionKind.Tenant => PartitionKey.Of(token.Revocable.Tenant),
        PartitionKind.ApiKey when token.ApiKeyId is { } key => PartitionKey.Of(key),
        PartitionKind.Device when token is { ApiKeyId: null, Actor.Kind: ActorKind.Device } => PartitionKey.Of(token.Revocable.Subject, token.Revocable.Tenant),
        PartitionKind.User when token is { ApiKeyId: null, Actor.Kind: not ActorKind.Device } => PartitionKey.Of(token.Revocable.Subject, token.Revocable.Tenant),
        _ => null,
    };

    private static OwnLimit? LimitOf(PartitionKind kind, VerifiedToken token) =>
        kind == PartitionKind.ApiKey ? new OwnLimit(token.ApiKeyLimit, token.Token.IssuedAt.ToUnixTimeSeconds()) : null;
}
