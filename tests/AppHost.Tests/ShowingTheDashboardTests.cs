using System.Net;
using System.Net.Mail;
using System.Text.Json;
using Aspire.Hosting;
using Aspire.Hosting.Testing;
using AppHost.Tests.Support;
using Platform.LocalEngine.Dashboard;
using Platform.LocalEngine.Testing;

namespace AppHost.Tests;

public sealed class ShowingTheDashboardTests : IAsyncLifetime
{
    private DistributedApplication _app = null!;
    private DashboardServer _dashboard = null!;
    private HttpClient _browser = null!;

    public async ValueTask InitializeAsync()
    {
        var builder = TestModel.Create();
        builder.AddMailPit("mail");
        builder.AddSample("service").WithEnvironment("Some__Password", "typed-in-password");
        _app = builder.Build();
        await _app.StartAsync();
        await _app.WaitAllHealthyAsync(SampleModel.Deadline());
        _dashboard = await DashboardServer.StartAsync(_app.Engine.Resources, port: 0, TestContext.Current.CancellationToken);
        _browser = new HttpClient { BaseAddress = new Uri(_dashboard.Address) };
    }

    public async ValueTask DisposeAsync()
    {
        _browser.Dispose();
        await _dashboard.DisposeAsync();
        await _app.DisposeAsync();
    }

    [Theory]
    [InlineData("/", "text/html")]
    [InlineData("/dashboard.js", "text/javascript")]
    [InlineData("/dashboard.css", "text/css")]
    public async Task Page_ItsFiles_AreServedWithoutInlineCode(string path, string type)
    {
        using var answer = await _browser.GetAsync(path);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(type, answer.Content.Headers.ContentType?.MediaType);
        Assert.Contains("script-src 'self'", Assert.Single(answer.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Resources_AsListed_HaveHealthAndNoSecret()
    {
        var text = await _browser.GetStringAsync("/api/resources");
        var service = JsonDocument.Parse(text).RootElement.EnumerateArray().Single(resource => resource.GetProperty("name").GetString() == "service");

        Assert.True(service.GetProperty("isHealthy").GetBoolean());
        Assert.Equal("********", service.GetProperty("environment").GetProperty("Some__Password").GetString());
        Assert.DoesNotContain("typed-in-password", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ask_ByANameThatOnlyResolvesToLocalhost_IsRefused()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/resources");
        request.Headers.Host = "elsewhere.example";
        using var answer = await _browser.SendAsync(request);

        Assert.Equal(HttpStatusCode.MisdirectedRequest, answer.StatusCode);
    }

    [Fact]
    public async Task Stop_AsAnotherSitesFormWouldAsk_IsRefusedAndNothingStops()
    {
        using var answer = await _browser.PostAsync("/api/resources/service/stop", null);

        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.NotNull(_app.ProcessIdOf("service"));
    }

    [Fact]
    public async Task StopAndStart_FromThePage_TakeEffect()
    {
        Assert.Equal(HttpStatusCode.NoContent, await CommandAsync("service", "stop"));
        Assert.Null(_app.ProcessIdOf("service"));

        Assert.Equal(HttpStatusCode.NoContent, await CommandAsync("service", "start"));
        await _app.WaitHealthyAsync("service", SampleModel.Deadline());
        Assert.Equal(HttpStatusCode.NotFound, await CommandAsync("nobody", "stop"));
    }

    [Fact]
    public async Task Changes_WhenAMailIsCaught_BringItAndItsMarkupCanDoNothing()
    {
        using var changes = new StreamReader(await _browser.GetStreamAsync("/api/changes"));
        var address = _app.GetEndpoint("mail", "smtp");
        using (var smtp = new SmtpClient(address.Host, address.Port))
        {
            using var mail = new MailMessage("a@platform.test", "b@platform.test", "Greetings", "<script>alert(1)</script>") { IsBodyHtml = true };
            await smtp.SendMailAsync(mail, TestContext.Current.CancellationToken);
        }

        string? line;
        while ((line = await changes.ReadLineAsync(SampleModel.Deadline())) is not null && !line.Contains("Greetings", StringComparison.Ordinal))
        {
        }

        var id = JsonDocument.Parse(line!["data: ".Length..]).RootElement[0].GetProperty("id").GetString();
        using var html = await _browser.GetAsync($"/api/mails/{id}/html");
        var policy = Assert.Single(html.Headers.GetValues("Content-Security-Policy"));
        Assert.Contains("sandbox", policy, StringComparison.Ordinal);
        Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Logs_OfAResource_AreStreamedFromTheKeptLinesOn()
    {
        using var lines = new StreamReader(await _browser.GetStreamAsync("/api/resources/service/logs"));

        var first = await lines.ReadLineAsync(SampleModel.Deadline());
        Assert.StartsWith("data: {\"number\":", first, StringComparison.Ordinal);
    }

    private async Task<HttpStatusCode> CommandAsync(string resource, string verb)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/resources/{resource}/{verb}");
        request.Headers.Add("X-Dashboard", "1");
        using var answer = await _browser.SendAsync(request);
        return answer.StatusCode;
    }
}
