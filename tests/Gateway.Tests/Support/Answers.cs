using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Gateway.Tests.Support;

internal static class Answers
{
    /// <summary>Asserts a problem of that status and code, as every refusal must be one.</summary>
    public static async Task<JsonElement> MustBeProblemAsync(this HttpResponseMessage answer, HttpStatusCode status, string code)
    {
        var body = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == status, $"Expected {(int)status} {code}, was {(int)answer.StatusCode}: {body}");
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        var problem = JsonSerializer.Deserialize<JsonElement>(body);
        Assert.Equal(code, problem.GetProperty("code").GetString());
        Assert.Equal((int)status, problem.GetProperty("status").GetInt32());
        Assert.Matches("^[0-9a-f]{32}$", problem.GetProperty("traceId").GetString());
        return problem;
    }

    /// <summary>Asserts 200 and gives what reached the service.</summary>
    public static async Task<Arrived> MustHaveArrivedAsync(this HttpResponseMessage answer)
    {
        Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
        var arrived = (await answer.Content.ReadFromJsonAsync<Arrived>())!;
        return arrived with { Headers = new(arrived.Headers, StringComparer.OrdinalIgnoreCase) };
    }
}
