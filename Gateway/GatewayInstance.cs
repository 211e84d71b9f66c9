using System.ComponentModel.DataAnnotations;

namespace Gateway;

/// <summary>Section <c>Gateway</c>: which of several gateways this process is.</summary>
internal sealed class GatewayInstanceOptions
{
    public const string Section = "Gateway";

    /// <summary>
    /// The name under which this process reports applied revocations and audits requests. Made anew at each start when
    /// unset, so that two replicas of one deployment never share one.
    /// </summary>
    [RegularExpression("^[A-Za-z0-9._-]{1,64}$", ErrorMessage = "must be 1 to 64 letters, digits, dots, dashes or underscores")]
    public string? Id { get; set; }
}

/// <summary>This process among the gateways.</summary>
/// <param name="Id">Unique among running gateways.</param>
internal sealed record GatewayInstance(string Id)
{
    public static GatewayInstance Of(IConfiguration configuration, TimeProvider time) =>
        new(configuration[$"{GatewayInstanceOptions.Section}:Id"] is { Length: > 0 } id
            ? id
            : $"gateway-{Guid.CreateVersion7(time.GetUtcNow()):N}");
}
