using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace Benchmarks.Proxying;

/// <summary>The service behind every proxy measured: the same small JSON answer, whatever is asked.</summary>
internal static class Upstream
{
    public const string Command = "serve-upstream";

    private static readonly byte[] Answer = Encoding.UTF8.GetBytes(
        $$"""{"items":[{"id":"0198c7a4-8f6e-7b3a-9a54-0242ac120002","name":"{{new string('a', 400)}}"}],"nextCursor":null}""");

    public static async Task<int> RunAsync(string url)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(url);
        await using var app = builder.Build();
        app.Run(static context =>
        {
            context.Response.ContentType = "application/json";
            context.Response.ContentLength = Answer.Length;
            return context.Response.Body.WriteAsync(Answer).AsTask();
        });
        await app.RunAsync();
        return 0;
    }
}
