using System.Buffers;
using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Gateway.RequestAudit;
using Gateway.Tokens;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;

namespace Gateway.Tests;

public sealed class RequestRecordTextTests
{
    private static readonly DateTimeOffset At = new(2026, 3, 1, 12, 30, 15, 123, TimeSpan.Zero);

    [Fact]
    public void Write_RequestOfAUser_IsTheContractsOwnJson()
    {
        VerifiedToken token = new(new AccessToken(
            "t-1", "01a1fc85-8e76-73cf-9cc2-5b1b069740a6", "web", Guid.Parse("00000000-0000-0000-0000-000000000001"), "s-1", "ada", ["devices:read"], [], 0, At, At.AddMinutes(15)), "signature");
        var trace = ActivityTraceId.CreateRandom();
        var record = Written(new EndedRequest
        {
            At = At,
            Duration = TimeSpan.FromMilliseconds(12.5),
            Token = token,
            Address = IPAddress.Parse("2001:db8::7%3"),
            UserAgent = "curl/8 \"quoted\" <é>\u0001",
            Method = "GET",
            Path = "/api/v1/ä\\b",
            RouteId = "devices",
            Status = 403,
            TraceId = trace,
            RequestId = "r-1",
        });

        Assert.Equal(
            new RequestRecord(
                record.Id, At, token.Token.TenantId, token.Actor, token.Token.SessionId, "2001:db8::7%3", "curl/8 \"quoted\" <é>\u0001",
                "GET", "/api/v1/ä\\b", "devices", 403, TimeSpan.FromMilliseconds(12.5), trace.ToHexString(), "r-1"),
            record);
        Assert.Equal(7, record.Id.Version);
    }

    [Fact]
    public void Write_AnonymousRequestOfWhichLittleIsKnown_LeavesOutWhatIsNot()
    {
        var record = Written(new EndedRequest
        {
            At = At,
            Duration = TimeSpan.Zero,
            Token = null,
            Address = null,
            UserAgent = null,
            Method = "GET",
            Path = "/",
            RouteId = null,
            Status = 404,
            TraceId = null,
            RequestId = "r-2",
        });

        Assert.Equal(new RequestRecord(record.Id, At, null, Actor.Anonymous, null, null, null, "GET", "/", null, 404, TimeSpan.Zero, null, "r-2"), record);
    }

    private static RequestRecord Written(EndedRequest request)
    {
        ArrayBufferWriter<byte> text = new();
        using Utf8JsonWriter writer = new(text);
        request.WriteTo(writer);
        writer.Flush();
        return JsonSerializer.Deserialize<RequestRecord>(text.WrittenSpan, EventCatalogue.Json)!;
    }
}
