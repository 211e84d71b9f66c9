using IdentityService.Accounts;
using IdentityService.Keys;

namespace IdentityService.Data;

/// <summary>What must be there before the service listens.</summary>
internal static class Seed
{
    public static async Task RunAsync(IServiceProvider services, IdentityDb database, CancellationToken cancellationToken)
    {
        await services.GetRequiredService<KeyRotation>().RunAsync(cancellationToken);
        await Administrator.SeedAsync(services, database, cancellationToken);
    }
}
