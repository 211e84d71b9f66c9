using System.Net;
using System.Text.Json;
using Gateway.Tests.Support;
using Microsoft.AspNetCore.Http;
using ServiceDefaults.Authentication;

namespace Gateway.Tests;

[Collection(SharedGatewayTests.Name)]
public sealed class SecurityHeaderTests(SharedGateway shared)
{
    private readonly GatewayHost _gateway = shared.Gateway;
    private readonly Issuer _issuer = shared.Around.Issuer;

    [Theory]
    [InlineData("/api/v1/auth/me", true, 200)]
    [InlineData("/api/v1/auth/me", false, 401)]
    [InlineData("/api/v1/admin/users", true, 403)]
    [InlineData("/nothing", true, 404)]
    public async Task OwnAndProxiedAnswers_HaveAllHeaders(string path, bool signedIn, int status)
    {
        var answer = await _gateway.GetAsync(path, signedIn ? _issuer.User() : null);

        Assert.Equal(status, (int)answer.StatusCode);
        MustBeHardened(answer);
    }

    [Theory]
    [InlineData(500)]
    [InlineData(503)]
    public async Task AServicesFailure_HasAllHeaders(int status)
    {
        shared.Around.Notification.Answer = context =>
        {
            context.Response.StatusCode = status;
            return context.Response.WriteAsync("broken");
        };
        try
        {
            var answer = await _gateway.GetAsync("/api/v1/notifications", _issuer.User());

            Assert.Equal(status, (int)answer.StatusCode);
            MustBeHardened(answer);
        }
        finally
        {
            shared.Around.Notification.Answer = null;
        }
    }

    [Fact]
    public async Task AnAbsentService_GivesAnAnswerWithAllHeaders()
    {
        await shared.Around.Audit.StopAsync();
        try
        {
            var answer = await _gateway.GetAsync("/api/v1/audit/logs", _issuer.User("audit:read"));

            await answer.MustBeProblemAsync(HttpStatusCode.ServiceUnavailable, "upstream_unavailable");
            MustBeHardened(answer);
        }
        finally
        {
            await shared.Around.Audit.StartAsync();
        }
    }

    [Fact]
    public async Task Pages_MayBringTheirOwnPolicyAndApisMayNot()
    {
        const string Own = "default-src 'self' 'nonce-abc'";
        var (identity, audit) = (shared.Around.Identity.Answer, shared.Around.Audit.Answer);
        shared.Around.Identity.Answer = shared.Around.Audit.Answer = context =>
        {
            context.Response.Headers.ContentSecurityPolicy = Own;
            return context.Response.WriteAsync("");
        };
        try
        {
            Assert.Equal(Own, Policy(await _gateway.GetAsync("/account/login")));
            Assert.Equal(Own, Policy(await _gateway.GetAsync("/api/v1/audit/compliance", _issuer.User(Scopes.AuditRead))));
            Assert.StartsWith("default-src 'none'", Policy(await _gateway.GetAsync("/api/v1/audit/logs", _issuer.User(Scopes.AuditRead))), StringComparison.Ordinal);
            Assert.StartsWith("default-src 'none'", Policy(await _gateway.GetAsync("/api/v1/auth/me", _issuer.User())), StringComparison.Ordinal);
        }
        finally
        {
            (shared.Around.Identity.Answer, shared.Around.Audit.Answer) = (identity, audit);
        }
    }

    [Fact]
    public async Task Answers_HaveWhatOwaspAsksToAdd()
    {
        var answer = await _gateway.GetAsync("/api/v1/auth/me", _issuer.User());

        foreach (var header in Vectors("headers_add.json").GetProperty("headers").EnumerateArray())
        {
            var name = header.GetProperty("name").GetString()!;
            switch (name)
            {
                case "Clear-Site-Data": // for signing out of a site with cookies, not for every answer
                case "Strict-Transport-Security": // only over HTTPS, tested with a trusted proxy
                    break;
                default:
                    Assert.True(answer.Headers.Contains(name) || answer.Content.Headers.Contains(name), $"{name} is missing");
                    break;
            }
        }
    }

    [Fact]
    public async Task Answers_HaveNothingThatOwaspAsksToRemove()
    {
        string[] names = [.. Vectors("headers_remove.json").GetProperty("headers").EnumerateArray().Select(name => name.GetString()!)];
        Assert.NotEmpty(names);
        shared.Around.Device.Answer = context =>
        {
            foreach (var name in names)
            {
                context.Response.Headers[name] = "1";
            }

            return context.Response.WriteAsync("");
        };
        try
        {
            var answer = await _gateway.GetAsync("/api/v1/devices", _issuer.User("devices:read"));

            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.DoesNotContain(names, name => answer.Headers.Contains(name));
        }
        finally
        {
            shared.Around.Device.Answer = null;
        }
    }

    private static string Policy(HttpResponseMessage answer) => answer.Headers.GetValues("Content-Security-Policy").Single();

    private static void MustBeHardened(HttpResponseMessage answer)
    {
        Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Equal("DENY", answer.Headers.GetValues("X-Frame-Options").Single());
        Assert.Equal("0", answer.Headers.GetValues("X-XSS-Protection").Single());
        Assert.Equal("no-referrer", answer.Headers.GetValues("Referrer-Policy").Single());
        Assert.Contains("geolocation=()", answer.Headers.GetValues("Permissions-Policy").Single(), StringComparison.Ordinal);
        Assert.StartsWith("default-src 'none'", Policy(answer), StringComparison.Ordinal);
        Assert.Contains("no-store", answer.Headers.CacheControl!.ToString(), StringComparison.Ordinal);
        Assert.False(answer.Headers.Contains("Server"));
        Assert.False(answer.Headers.Contains("Strict-Transport-Security"));
        Assert.True(answer.Headers.Contains("X-Request-Id"));
    }

    // Shared test vectors lie beside the repository and are not copied into it.
    private static JsonElement Vectors(string file)
    {
        var folder = new[] { Environment.GetEnvironmentVariable("PLATFORM_VECTORS") }
            .Concat(Parents().Select(parent => Path.Combine(parent, "shared", "vectors")))
            .FirstOrDefault(folder => folder is not null && Directory.Exists(Path.Combine(folder, "owasp-headers")));
        Assert.SkipWhen(folder is null, "../shared/vectors/owasp-headers is not beside the repository and PLATFORM_VECTORS names no other place.");
        return JsonSerializer.Deserialize<JsonElement>(File.ReadAllText(Path.Combine(folder!, "owasp-headers", file)));
    }

    private static IEnumerable<string> Parents()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            yield return folder.FullName;
        }
    }
}
