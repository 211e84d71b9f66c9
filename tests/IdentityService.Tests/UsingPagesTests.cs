using System.Net;
using IdentityService.Tests.Support;
using Microsoft.Playwright;
using ServiceDefaults.Contracts;

namespace IdentityService.Tests;

/// <summary>
/// The pages as people meet them: on a telephone and a screen, light and dark, by keyboard. Where <c>AXE_CORE</c> names
/// axe-core's script, as <c>.ci/accessibility</c> does, its rules hold, too (WCAG 2.2 A and AA, best practices).
/// </summary>
public sealed class UsingPagesTests(RealBrowser chromium) : IClassFixture<RealBrowser>
{
    private const string Overflowing = "() => document.documentElement.scrollWidth > document.documentElement.clientWidth";

    private const string Focusable =
        """
        () => [...document.querySelectorAll('a[href], button, input:not([type=hidden]), summary')]
            .filter(one => one.offsetParent !== null && !one.disabled)
            .map(one => one.id || one.name || one.textContent.trim())
        """;

    private const string Focused = "() => document.activeElement.id || document.activeElement.name || document.activeElement.textContent.trim()";

    private const string Violations =
        "async () => (await axe.run()).violations.map(one => `${one.id}: ${one.help}: ${one.nodes.map(node => node.html).join(' | ')}`)";

    private static readonly string? Axe = Environment.GetEnvironmentVariable("AXE_CORE");

    [Theory]
    [InlineData(320, 640, ColorScheme.Light)]
    [InlineData(320, 640, ColorScheme.Dark)]
    [InlineData(1280, 800, ColorScheme.Light)]
    [InlineData(1280, 800, ColorScheme.Dark)]
    public async Task Show_EveryPage_FitsAndCanBeUsedByKeyboard(int width, int height, ColorScheme scheme)
    {
        var (application, person) = (await Application.RegisterAsync(chromium.Host, chromium.Http), await chromium.SignedInAsync());
        await using var window = await chromium.OpenAsync();
        var page = window.Page;
        await page.SetViewportSizeAsync(width, height);
        await page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = scheme });
        List<string> faults = [];
        foreach (var address in (string[])["/account/sign-in", "/account/forgot-password", "/account/reset-password?token=none", "/account/verify-email?token=none"])
        {
            await page.GotoAsync(address);
            await LookAsync(page, address, faults);
        }

        await page.GotoAsync("/account/sign-in");
        await page.GetByLabel("User name or e-mail address").FillAsync(person.UserName);
        await page.GetByLabel("Password").FillAsync("not the password at all");
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Alert).First.WaitForAsync();
        await LookAsync(page, "sign-in, refused", faults);

        await CodeApp.EnableAsync(person, TimeProvider.System);
        await page.GotoAsync(application.Address());
        await window.SignInAsync(person);
        await page.GetByRole(AriaRole.Heading, new() { Name = "Enter your code" }).WaitForAsync();
        await LookAsync(page, "code", faults);

        var other = await chromium.RegisteredAsync();
        await page.GotoAsync(application.Address());
        await window.SignInAsync(other);
        await page.GetByRole(AriaRole.Button, new() { Name = "Allow" }).WaitForAsync();
        await LookAsync(page, "consent", faults);
        using var started = await application.Client.AskAsync("/connect/device_authorization", ("scope", "openid"));
        var code = (await started.BodyAsync(HttpStatusCode.OK)).Text("user_code");
        using var asked = await other.SendAsync(HttpMethod.Post, "forgot-password", new { email = other.Email });
        var verify = await chromium.Events.TokenAsync(other.Id, AccountLinkKind.VerifyEmail);
        var reset = await chromium.Events.TokenAsync(other.Id, AccountLinkKind.ResetPassword);
        foreach (var address in (string[])[
            "/account", "/account/device", $"/account/device?user_code={code}", "/account/step-up", "/connect/logout",
            $"/account/verify-email?token={verify}", $"/account/reset-password?token={reset}"])
        {
            await page.GotoAsync(address);
            await LookAsync(page, address, faults);
        }

        await page.GotoAsync("/account");
        await page.GetByRole(AriaRole.Button, new() { Name = "Add a passkey" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Remove This device" }).WaitForAsync();
        await LookAsync(page, "account with a passkey", faults);

        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    private static async Task LookAsync(IPage page, string name, List<string> faults)
    {
        if (await page.EvaluateAsync<bool>(Overflowing))
        {
            faults.Add($"{name}: wider than the window");
        }

        // Where the page has put the focus into its one field, Tab goes on from there.
        var order = await page.EvaluateAsync<string[]>(Focusable);
        var begin = Array.IndexOf(order, await page.EvaluateAsync<string>(Focused)) + 1;
        foreach (var expected in order[begin..])
        {
            await page.Keyboard.PressAsync("Tab");
            if (await page.EvaluateAsync<string>(Focused) is var reached && reached != expected)
            {
                faults.Add($"{name}: Tab reaches '{reached}' where '{expected}' comes next");
                break;
            }
        }

        if (Axe is not null)
        {
            await page.EvaluateAsync(await File.ReadAllTextAsync(Axe));
            faults.AddRange((await page.EvaluateAsync<string[]>(Violations)).Select(one => $"{name}: {one}"));
        }
    }
}
