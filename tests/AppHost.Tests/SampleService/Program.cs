using System.Diagnostics;

// What the engine needs to see of a service: it answers on its ports, tells its environment, and misbehaves when told to.
if (Environment.GetEnvironmentVariable("SAMPLE_CRASH") is { } words)
{
    await Console.Error.WriteLineAsync(words);
    return 42;
}

var builder = WebApplication.CreateSlimBuilder(args);
if (builder.Configuration["Management:Port"] is { } port)
{
    builder.WebHost.UseUrls($"{builder.Configuration["urls"]};http://localhost:{port}");
}

var app = builder.Build();
app.MapGet("/ready", () => File.Exists(app.Configuration["SAMPLE_NOT_READY_WHILE"]) ? Results.StatusCode(503) : Results.Ok());
app.MapGet("/environment", () => Environment.GetEnvironmentVariables());
app.MapGet("/started", () => Process.GetCurrentProcess().StartTime.ToUniversalTime());
app.Logger.LogInformation("sample is up");
await app.RunAsync();
return 0;
