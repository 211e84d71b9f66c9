using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using EndToEnd.Tests.Support;
using Platform.LocalEngine.Testing;
using Platform.Testing;

namespace EndToEnd.Tests;

public sealed partial class MailedLinksTests(RunningPlatform platform)
{
    [Fact]
    public async Task ForgottenPassword_FromTheRequestToTheNewOne_ByTheMailThatArrives()
    {
        using var person = platform.Visit();
        await person.RegisterAsync();
        await person.SignInAsync();
        await ConfirmAsync(person, await TokenAsync(person, "Confirm your e-mail address"));
        Assert.True((await person.GetAsync("/api/v1/auth/me")).GetProperty("emailVerified").GetBoolean());

        using var asked = await person.Http.PostAsJsonAsync("/api/v1/auth/forgot-password", new { email = person.Email });
        Assert.Equal(HttpStatusCode.Accepted, asked.StatusCode);
        var token = await TokenAsync(person, "Set a new password");
        using var page = await person.Http.GetAsync($"/account/reset-password?token={token}");
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        using var set = await person.Http.PostAsJsonAsync("/api/v1/auth/reset-password", new { token, newPassword = "eight quiet herons at dusk" });
        Assert.Equal(HttpStatusCode.NoContent, set.StatusCode);

        using var ended = await person.Http.GetAsync("/api/v1/auth/me");
        Assert.Equal("invalid_token", await PlatformClient.ProblemAsync(ended, HttpStatusCode.Unauthorized));
        await person.SignInAsync(person.UserName, "eight quiet herons at dusk");

        // Both services that had the token in clear have told of that by now.
        await Eventually.Async(() => Told().Contains("reset-password", StringComparison.Ordinal), TimeSpan.FromSeconds(30), "no telemetry of the page");
        Assert.DoesNotContain(token, Told(), StringComparison.Ordinal);
    }

    private static async Task ConfirmAsync(PlatformClient person, string token)
    {
        using var answer = await person.Http.PostAsJsonAsync("/api/v1/auth/verify-email", new { token });
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
    }

    private async Task<string> TokenAsync(PlatformClient person, string subject)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var mail = await platform.App.Mailbox().WaitForAsync(person.Email, mail => mail.Subject == subject, deadline.Token);
        return Token().Match(mail.Text).Groups["token"].Value;
    }

    private string Told() => JsonSerializer.Serialize(new { platform.Telemetry.Spans, platform.Telemetry.Logs });

    [GeneratedRegex("token=(?<token>[A-Za-z0-9_-]{43})", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Token();
}
