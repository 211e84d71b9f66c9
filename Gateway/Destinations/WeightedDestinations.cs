using System.Globalization;
using System.Runtime.CompilerServices;
using Yarp.ReverseProxy.LoadBalancing;
using Yarp.ReverseProxy.Model;

namespace Gateway.Destinations;

/// <summary>
/// Picks at random by the destinations' metadata <c>Weight</c> (100 when unset; 0 gets nothing while another is there).
/// A canary is a destination with a small weight. The endpoints behind one configured destination share its weight.
/// </summary>
internal sealed class WeightedDestinations : ILoadBalancingPolicy
{
    public const string Weight = "Weight";
    public const string Share = "Share";
    private const double Ordinary = 100;

    private readonly ConditionalWeakTable<DestinationModel, StrongBox<double>> _weights = [];

    public string Name => nameof(WeightedDestinations);

    public DestinationState? PickDestination(
        HttpContext context, ClusterState cluster, IReadOnlyList<DestinationState> availableDestinations)
    {
        if (availableDestinations.Count < 2)
        {
            return availableDestinations.Count == 0 ? null : availableDestinations[0];
        }

        double sum = 0;
        for (var index = 0; index < availableDestinations.Count; index++)
        {
            sum += WeightOf(availableDestinations[index]);
        }

        var point = Random.Shared.NextDouble() * sum;
        for (var index = 0; index < availableDestinations.Count; index++)
        {
            point -= WeightOf(availableDestinations[index]);
            if (point < 0)
            {
                return availableDestinations[index];
            }
        }

        return availableDestinations[Random.Shared.Next(availableDestinations.Count)];
    }

    private double WeightOf(DestinationState destination) => _weights.GetValue(destination.Model, Read).Value;

    private static StrongBox<double> Read(DestinationModel model) =>
        new(Number(model, Weight, Ordinary) / Number(model, Share, 1));

    private static double Number(DestinationModel model, string name, double otherwise) =>
        model.Config.Metadata?.GetValueOrDefault(name) is { } text
        && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number >= 0
            ? number
            : otherwise;
}
