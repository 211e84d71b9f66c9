using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using AuditService.Evidence;
using AuditService.Recording;

namespace AuditService.Tests;

/// <summary>RFC 8785: its own examples, and what the leaf of a record is made of.</summary>
public sealed class CanonicalFormTests
{
    [Theory]
    [InlineData(0x0000000000000000, "0")]
    [InlineData(0x8000000000000000, "0")]
    [InlineData(0x0000000000000001, "5e-324")]
    [InlineData(0x7fefffffffffffff, "1.7976931348623157e+308")]
    [InlineData(0x4340000000000000, "9007199254740992")]
    [InlineData(0x44b52d02c7e14af5, "9.999999999999997e+22")]
    [InlineData(0x44b52d02c7e14af6, "1e+23")]
    [InlineData(0x444b1ae4d6e2ef4f, "999999999999999900000")]
    [InlineData(0x444b1ae4d6e2ef50, "1e+21")]
    [InlineData(0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7")]
    [InlineData(0x3eb0c6f7a0b5ed8d, "0.000001")]
    [InlineData(0x41b3de4355555553, "333333333.3333332")]
    [InlineData(0xbecbf647612f3696, "-0.0000033333333333333333")]
    [InlineData(0x43143ff3c1cb0959, "1424953923781206.2")]
    public void Number_OfTheRfc_IsWrittenAsThere(ulong bits, string expected)
    {
        var number = BitConverter.UInt64BitsToDouble(bits);
        Assert.Equal(expected, CanonicalNumber.Of(number));
        Assert.True(CanonicalNumber.IsExact(expected), "it is not read as the same number");
    }

    [Theory]
    [InlineData("1.50", "1.5")]
    [InlineData("100e-2", "1")]
    [InlineData("-0", "0")]
    [InlineData("1E+2", "100")]
    [InlineData("0.10", "0.1")]
    public void Number_InAnotherForm_IsWrittenInTheOne(string number, string expected) =>
        Assert.Equal(expected, CanonicalNumber.Of(number));

    [Theory]
    [InlineData("9007199254740993")]
    [InlineData("0.1000000000000000000001")]
    [InlineData("1e400")]
    public void Number_ThatNoDoubleHolds_KeepsItsForm(string number)
    {
        Assert.False(CanonicalNumber.IsExact(number));
        Assert.Equal(number, CanonicalNumber.Of(number));
    }

    [Fact]
    public void Members_OfTheRfc_AreOrderedAsThere()
    {
        using var document = JsonDocument.Parse(
            """{"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7, "z":{"b":[1, 2],"a":"\u000f/\"\\\b\f\n\t€"}}""");
        Assert.Equal(
            "{\"\\r\":2,\"1\":4,\"z\":{\"a\":\"\\u000f/\\\"\\\\\\b\\f\\n\\t€\",\"b\":[1,2]},\"\u0080\":6,\"\u00f6\":7,\"\u20ac\":1,\"\ud83d\ude00\":5,\"\ufb33\":3}",
            CanonicalWriter.Of(document.RootElement));
    }

    [Fact]
    public void Leaf_OfARecord_IsTheHashOfItsCanonicalForm()
    {
        var (leaf, row, salt) = (new RecordLeaf(), Row(), RandomNumberGenerator.GetBytes(RecordLeaf.SaltSize));
        var hash = leaf.Hash(row, salt);

        Assert.Equal(Canonical(leaf.Record), Encoding.UTF8.GetString(leaf.Record));
        Assert.Equal(Canonical(leaf.PersonalPart), Encoding.UTF8.GetString(leaf.PersonalPart));
        Assert.Equal(MerkleHash.Leaf(leaf.Record), hash);
        using var record = JsonDocument.Parse(leaf.Record.ToArray());
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData([.. salt, .. leaf.PersonalPart])), record.RootElement.GetProperty("personal").GetString());
    }

    [Fact]
    public void Leaf_OfARecordWhosePersonalPartIsGone_IsTheSame()
    {
        var (leaf, row, salt) = (new RecordLeaf(), Row(), RandomNumberGenerator.GetBytes(RecordLeaf.SaltSize));
        var digest = leaf.Personal(row, salt);
        var erased = row with { ActorName = null, Address = null, UserAgent = null, SessionId = null, Path = null, Before = null, After = null, Detail = null };
        Assert.Equal(leaf.Hash(row, salt), leaf.HashErased(erased, digest));
        Assert.NotEqual(leaf.Hash(row, salt), leaf.Hash(erased, salt));
    }

    [Fact]
    public void Leaf_OfARecordWithAnyFieldChanged_IsAnother()
    {
        var (leaf, row, salt) = (new RecordLeaf(), Row(), new byte[RecordLeaf.SaltSize]);
        var hash = leaf.Hash(row, salt);
        AuditRow[] changed =
        [
            row with { Id = Guid.Empty }, row with { OccurredAt = row.OccurredAt.AddMicroseconds(1) }, row with { ReceivedAt = row.ReceivedAt.AddMicroseconds(1) },
            row with { TenantId = null }, row with { ActorKind = "x" }, row with { ActorId = "x" }, row with { ActorName = "x" }, row with { SessionId = null },
            row with { Address = IPAddress.Any }, row with { UserAgent = "x" }, row with { Action = "x" }, row with { ResourceType = "x" },
            row with { ResourceId = "x" }, row with { Severity = "x" }, row with { Result = "x" }, row with { DurationMs = 1.25 }, row with { Before = "1" },
            row with { After = "1" }, row with { Detail = "1" }, row with { TraceId = "x" }, row with { Method = "x" }, row with { Path = "x" },
            row with { Route = "x" }, row with { Status = 500 }, row with { RequestId = "x" }, row with { Marks = [] },
        ];
        Assert.All(changed, other => Assert.NotEqual(hash, leaf.Hash(other, salt)));
        Assert.Equal(typeof(AuditRow).GetProperties().Length - 2, changed.Length); // all but the words of the search and the gateway's number
    }

    private static string Canonical(ReadOnlySpan<byte> json)
    {
        using var document = JsonDocument.Parse(json.ToArray());
        return CanonicalWriter.Of(document.RootElement);
    }

    private static AuditRow Row() => new()
    {
        Id = Guid.Parse("0197a1b2-0000-7000-8000-000000000001"),
        OccurredAt = DateTimeOffset.UnixEpoch,
        ReceivedAt = DateTimeOffset.UnixEpoch.AddSeconds(1),
        TenantId = Guid.Parse("00000000-0000-0000-0000-000000000001"),
        ActorKind = "user",
        ActorId = "u-1",
        ActorName = "Ada \"the first\"\u0001",
        SessionId = "s-1",
        Address = IPAddress.Parse("2001:db8::1"),
        UserAgent = "curl/8 \ud83d\ude00",
        Action = "user.updated",
        ResourceType = "user",
        ResourceId = "u-1",
        Severity = "info",
        Result = "success",
        DurationMs = 12.5,
        Before = """{"b":1.0,"a":[true,false,null]}""",
        After = """{"b":2}""",
        Detail = """{"z":"1","y":"2"}""",
        TraceId = "trace",
        Method = "PUT",
        Path = "/api",
        Route = "users",
        Status = 200,
        RequestId = "r-1",
        Words = [],
        Marks = ["after:redacted", "path:truncated"],
    };
}
