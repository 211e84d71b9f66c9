using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using ServiceDefaults.Problems;
using ServiceDefaults.Tests.Support;

namespace ServiceDefaults.Tests.Problems;

public sealed class MalformedBodiesTests : IAsyncLifetime
{
    private RunningService _service = null!;

    public async ValueTask InitializeAsync() => _service = await RunningService.StartAsync(map: static app =>
    {
        app.MapPost("/orders", static (Order order) => order);
        app.MapGet("/orders", static (int limit) => limit);
        app.MapGet("/orders/{id:guid}", static (Guid id) => id);
    });

    public ValueTask DisposeAsync() => _service.DisposeAsync();

    [Theory]
    [InlineData("""{"name":"a","kind":"fast","lines":[{"count":1}],"bogusField":"VALUE"}""", "/bogusField")]
    [InlineData("""{"name":"a","kind":"fast","lines":[{"count":"VALUE"}]}""", "/lines/0/count")]
    [InlineData("""{"name":"a","kind":"fast","lines":[{"count":"1"}]}""", "/lines/0/count")]
    [InlineData("""{"name":"a","kind":"VALUE","lines":[]}""", "/kind")]
    [InlineData("""{"name":"a","kind":1,"lines":[]}""", "/kind")]
    [InlineData("""{"name":null,"kind":"fast","lines":[]}""", "/name")]
    [InlineData("""{"name":"a","name":"VALUE","kind":"fast","lines":[]}""", "/name")]
    [InlineData("""{"Name":"VALUE","kind":"fast","lines":[]}""", "/Name")]
    [InlineData("""{"kind":"fast","lines":[]}""", null)]
    [InlineData("""{"name":"VALUE",""", null)]
    [InlineData("""VALUE""", null)]
    [InlineData("", null)]
    [InlineData("null", null)]
    public async Task Post_MalformedBody_SaysWhereWithoutRepeatingValues(string body, string? pointer)
    {
        JsonElement problem = await (await _service.Public.PostAsync("/orders", Answers.Json(body)))
            .ShouldBeProblemAsync(HttpStatusCode.BadRequest, "malformed_request");
        Assert.DoesNotContain("VALUE", problem.GetRawText(), StringComparison.Ordinal);
        Assert.DoesNotContain("ServiceDefaults", problem.GetRawText(), StringComparison.Ordinal);
        Assert.Equal(pointer, problem.TryGetProperty("pointer", out JsonElement at) ? at.GetString() : null);
    }

    [Theory]
    [InlineData("""{"kind":"fast","lines":[]}""", "Required fields are missing: name.")]
    [InlineData("""{"name":"a","name":"b","kind":"fast","lines":[]}""", "The body has a field twice.")]
    [InlineData("""{"name":"a","kind":"fast","lines":[],"x":1}""", "The body has a field that this route does not know.")]
    [InlineData("""{"name":"a",""", "The body is not valid JSON.")]
    [InlineData("""{"name":1,"kind":"fast","lines":[]}""", "A value has the wrong type or is missing.")]
    public async Task Post_MalformedBody_SaysWhatIsWrong(string body, string detail)
    {
        JsonElement problem = await (await _service.Public.PostAsync("/orders", Answers.Json(body)))
            .ShouldBeProblemAsync(HttpStatusCode.BadRequest, "malformed_request");
        Assert.Equal(detail, problem.GetProperty("detail").GetString());
    }

    [Fact]
    public async Task Post_GoodBody_ComesBackInCamelCase()
    {
        const string body = """{"name":"a","kind":"verySlow","lines":[{"count":1}]}""";
        HttpResponseMessage answer = await _service.Public.PostAsync("/orders", Answers.Json(body));
        Assert.Equal(body, await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Post_OtherMediaType_IsUnsupported()
    {
        using StringContent body = new("name=a", Encoding.UTF8, "text/plain");
        await (await _service.Public.PostAsync("/orders", body)).ShouldBeProblemAsync(HttpStatusCode.UnsupportedMediaType, "unsupported_media_type");
    }

    [Theory]
    [InlineData("/orders?limit=VALUE")]
    [InlineData("/orders")]
    public async Task Get_UnreadableParameter_NamesItWithoutItsValue(string path)
    {
        JsonElement problem = await (await _service.Public.GetAsync(path)).ShouldBeProblemAsync(HttpStatusCode.BadRequest, "malformed_request");
        Assert.Contains("'limit'", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain("VALUE", problem.GetRawText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("$.a[2].b", "/a/2/b")]
    [InlineData("$['a/b'].c", "/a~1b/c")]
    [InlineData("$", null)]
    [InlineData(null, null)]
    public void Pointer_OfJsonPath_FollowsRfc6901(string? path, string? pointer) => Assert.Equal(pointer, MalformedRequest.Pointer(path));

    internal sealed record Order(string Name, OrderKind Kind, IReadOnlyList<Line> Lines);

    internal sealed record Line(int Count);

    internal enum OrderKind
    {
        Fast,
        VerySlow,
    }
}
