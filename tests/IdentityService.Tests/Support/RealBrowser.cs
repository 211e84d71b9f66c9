using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Microsoft.Playwright;

namespace IdentityService.Tests.Support;

/// <summary>
/// Chromium, installed as the servers are where it is missing, and a service at an address for which a browser makes
/// passkeys: localhost, which is as good as HTTPS to it.
/// </summary>
public sealed class RealBrowser(IdentityApi api) : IAsyncLifetime
{
    // On a slow machine, too.
    private const float Longest = 120_000;

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    internal IdentityHost Host { get; private set; } = null!;

    internal HttpClient Http { get; private set; } = null!;

    internal EventProbe Events { get; private set; } = null!;

    internal string Issuer { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        await Tool.InstallAsync("chromium", "chromium");
        var port = FreePort();
        Issuer = $"http://localhost:{port}";
        var backing = await api.NewBackingAsync();
        Events = await EventProbe.StartAsync(backing.Messaging);
        Host = IdentityHost.Start(backing, services: IdentityHost.FastHashes, port: port, settings: ("Authentication:Issuer", Issuer));
        Http = Host.CreateClient();
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Tool.Find("chromium"),
            Args = ["--no-sandbox", "--disable-dev-shm-usage"], // root has no sandbox; containers have little shared memory
            Timeout = Longest,
        });
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
        Http?.Dispose();
        if (Host is not null)
        {
            await Host.DisposeAsync();
        }

        if (Events is not null)
        {
            await Events.DisposeAsync();
        }
    }

    /// <summary>A person's own browser, with a device that can hold passkeys.</summary>
    internal async Task<Window> OpenAsync()
    {
        var context = await _browser!.NewContextAsync(new BrowserNewContextOptions { BaseURL = Issuer });
        context.SetDefaultTimeout(Longest);

        // The application, and a page of somebody else's.
        await context.RouteAsync("https://app.test/**", route => route.FulfillAsync(new RouteFulfillOptions { Body = "back" }));
        await context.RouteAsync($"{Window.Elsewhere}/**", route => route.FulfillAsync(new RouteFulfillOptions { Body = "elsewhere" }));
        var page = await context.NewPageAsync();
        var devTools = await context.NewCDPSessionAsync(page);
        await devTools.SendAsync("WebAuthn.enable");
        var added = await devTools.SendAsync("WebAuthn.addVirtualAuthenticator", new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["options"] = new
            {
                protocol = "ctap2",
                transport = "internal",
                hasResidentKey = true,
                hasUserVerification = true,
                isUserVerified = true,
                automaticPresenceSimulation = true,
            },
        });
        return new Window(page, devTools, added!.Value.GetProperty("authenticatorId").GetString()!);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

/// <summary>One open window.</summary>
internal sealed class Window(IPage page, ICDPSession devTools, string authenticator) : IAsyncDisposable
{
    /// <summary>Another origin, for which a passkey of localhost can be used all the same.</summary>
    public const string Elsewhere = "http://localhost:1";

    public IPage Page => page;

    public async Task SignInAsync(Person person)
    {
        await page.GetByLabel("User name or e-mail address").FillAsync(person.UserName);
        await page.GetByLabel("Password").FillAsync(person.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in", Exact = true }).ClickAsync();
    }

    /// <summary>Uses a passkey as a script of an origin would.</summary>
    /// <returns>The credential, as JSON.</returns>
    public async Task<JsonElement> UseAsync(JsonElement options, string origin) => await RunAsync(
        origin, options, "async text => (await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(JSON.parse(text)) })).toJSON()");

    public async Task<JsonElement> MakeAsync(JsonElement options, string origin) => await RunAsync(
        origin, options, "async text => (await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(JSON.parse(text)) })).toJSON()");

    /// <summary>Whether the device can tell its owner.</summary>
    public Task VerifyUserAsync(bool verified) => devTools.SendAsync("WebAuthn.setUserVerified", new Dictionary<string, object>(StringComparer.Ordinal)
    {
        ["authenticatorId"] = authenticator,
        ["isUserVerified"] = verified,
    });

    public async ValueTask DisposeAsync() => await page.Context.DisposeAsync();

    private async Task<JsonElement> RunAsync(string origin, JsonElement options, string script)
    {
        await page.GotoAsync($"{origin}/account/pages.css");
        return (await page.EvaluateAsync<JsonElement?>(script, options.GetRawText()))!.Value;
    }
}
