using System.Globalization;
using Delivery.Battery;
using Delivery.Courier;

CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
return args switch
{
    ["serve"] => await CourierService.RunAsync(),
    ["run"] => await LongRun.RunAsync(TimeSpan.FromMinutes(10), Random.Shared.Next()),
    ["run", var minutes] => await LongRun.RunAsync(Minutes(minutes), Random.Shared.Next()),
    ["run", var minutes, var seed] => await LongRun.RunAsync(Minutes(minutes), int.Parse(seed, CultureInfo.InvariantCulture)),
    _ => Usage(),
};

static TimeSpan Minutes(string text) => TimeSpan.FromMinutes(double.Parse(text, CultureInfo.InvariantCulture));

static int Usage()
{
    Console.Error.WriteLine("usage: dotnet run --project tests/Delivery -- run [MINUTES [SEED]]");
    return 2;
}
