using System.Net.Http.Json;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using AppHost.Tests.Support;
using Platform.LocalEngine.Testing;

namespace AppHost.Tests;

public sealed class ServiceEnvironmentTests
{
    [Fact]
    public async Task Service_Started_SeesWhatAspireWouldGiveIt()
    {
        var builder = TestModel.Create(TestModel.Options() with { OtlpEndpoint = "http://localhost:4318", OtlpApiKey = "key" });
        var secret = builder.AddParameter("api-secret", new GenerateParameterDefault { MinLength = 20 }, secret: true);
        var redis = builder.AddRedis("redis");
        var other = builder.AddSample("other-service").WithHttpEndpoint(name: "management", env: "Management__Port");
        builder.AddSample("service")
            .WithHttpEndpoint(name: "management", env: "Management__Port")
            .WithReference(other)
            .WithReference(redis)
            .WithEnvironment("Secret", secret)
            .WithEnvironment("Composed", $"<{other.GetEndpoint("http")}>")
            .WaitFor(other);
        await using var app = builder.Build();
        await app.StartAsync();
        await app.WaitAllHealthyAsync(SampleModel.Deadline());

        using var client = app.CreateHttpClient("service");
        var seen = (await client.GetFromJsonAsync<Dictionary<string, string>>("/environment"))!;

        var url = app.GetEndpoint("other-service").ToString().TrimEnd('/');
        Assert.Equal(url, seen["services__other-service__http__0"]);
        Assert.Equal(url, seen["OTHER_SERVICE_HTTP"]);
        Assert.Equal($"<{url}>", seen["Composed"]);
        Assert.Matches(@"^127\.0\.0\.1:[0-9]+,password=.{20,}$", seen["ConnectionStrings__redis"]);
        Assert.Equal(await secret.Resource.GetValueAsync(default), seen["Secret"]);
        Assert.Equal(client.BaseAddress!.ToString().TrimEnd('/'), seen["ASPNETCORE_URLS"]); // the management port is not among them
        Assert.Equal(app.GetEndpoint("service", "management").Port.ToString(), seen["Management__Port"]);
        Assert.Equal("Development", seen["ASPNETCORE_ENVIRONMENT"]);
        Assert.Equal("http://localhost:4318", seen["OTEL_EXPORTER_OTLP_ENDPOINT"]);
        Assert.Equal("http/protobuf", seen["OTEL_EXPORTER_OTLP_PROTOCOL"]);
        Assert.Equal("x-otlp-api-key=key", seen["OTEL_EXPORTER_OTLP_HEADERS"]);
        Assert.Equal("service", seen["OTEL_SERVICE_NAME"]);
        Assert.Matches("^service.instance.id=service-[0-9a-f]{8}$", seen["OTEL_RESOURCE_ATTRIBUTES"]);
        Assert.Equal("1000", seen["OTEL_BSP_SCHEDULE_DELAY"]);
    }

    [Fact]
    public async Task OverridesAndArguments_Given_WinAndAreNotInherited()
    {
        Environment.SetEnvironmentVariable("Parameters__not_for_services", "x");
        var builder = TestModel.Create(TestModel.Options() with
        {
            Environment = new Dictionary<string, Dictionary<string, string>> { ["service"] = new() { ["Setting"] = "from the test" } },
        });
        builder.AddSample("service").WithEnvironment("Setting", "from the model");
        await using var app = builder.Build();
        await app.StartAsync();
        await app.WaitAllHealthyAsync(SampleModel.Deadline());

        using var client = app.CreateHttpClient("service");
        var seen = (await client.GetFromJsonAsync<Dictionary<string, string>>("/environment"))!;

        Assert.Equal("from the test", seen["Setting"]);
        Assert.DoesNotContain("Parameters__not_for_services", seen.Keys);
        Assert.DoesNotContain("OTEL_EXPORTER_OTLP_ENDPOINT", seen.Keys);
        Assert.Contains(app.ConsoleOf("service").Lines, l => l.Text.Contains("sample is up", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ConnectionString_Configured_ReplacesTheServer()
    {
        var builder = TestModel.Create(null, "--ConnectionStrings:redis=elsewhere:6379,password=theirs");
        var redis = builder.AddRedis("redis");
        builder.AddSample("service").WithReference(redis).WaitFor(redis);
        await using var app = builder.Build();
        await app.StartAsync();
        await app.WaitAllHealthyAsync(SampleModel.Deadline());

        Assert.DoesNotContain(app.Engine.Supervisors, s => s.Name == "redis");
        Assert.Equal("elsewhere:6379,password=theirs", app.Engine["service"].Workload.Environment["ConnectionStrings__redis"]);
        Assert.Equal("elsewhere:6379,password=theirs", await app.GetConnectionStringAsync("redis"));
    }
}
