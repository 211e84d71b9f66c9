using System.Net;
using System.Text.Json;
using Xunit;

namespace Platform.Testing;

/// <summary>Reads an answer and asserts what every test of it assumes.</summary>
public static class Answers
{
    /// <summary>The body of an answer of that status; the test fails with the body otherwise.</summary>
    public static async Task<JsonElement> BodyAsync(this HttpResponseMessage response, HttpStatusCode expected)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == expected, $"Expected {expected}, got {response.StatusCode}: {text}");
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }

    /// <summary>The code of the problem of that status, which must be one.</summary>
    public static async Task<string> ProblemAsync(this HttpResponseMessage response, HttpStatusCode expected)
    {
        var body = await response.BodyAsync(expected);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal("no-store", response.Headers.CacheControl?.ToString());
        return body.GetProperty("code").GetString()!;
    }

    /// <summary>Names of the fields that the answer finds fault with, sorted.</summary>
    public static async Task<string[]> FaultsAsync(this HttpResponseMessage response)
    {
        var body = await response.BodyAsync(HttpStatusCode.BadRequest);
        Assert.Equal("validation_failed", body.GetProperty("code").GetString());
        return [.. body.GetProperty("errors").EnumerateObject().Select(error => error.Name).Order(StringComparer.Ordinal)];
    }

    public static string Text(this JsonElement body, string name) => body.GetProperty(name).GetString()!;
}
