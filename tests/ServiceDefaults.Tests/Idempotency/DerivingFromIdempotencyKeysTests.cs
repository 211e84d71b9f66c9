using System.Security.Cryptography;
using System.Text;
using ServiceDefaults.Idempotency;

namespace ServiceDefaults.Tests.Idempotency;

public sealed class DerivingFromIdempotencyKeysTests
{
    private static readonly Guid Tenant = Guid.Parse("0193a5c7-0000-7000-8000-000000000001");
    private static readonly KeyScope Scope = new(Tenant, "ada", "web", "POST /things");

    [Fact]
    public void Derive_SameRequest_FindsAndOpensItsRow()
    {
        var (one, again) = (Of(Scope), Of(Scope));

        Assert.Equal(one.Id, again.Id);
        Assert.Equal(one.Fingerprint, again.Fingerprint);
        Assert.Equal("an answer"u8.ToArray(), again.Open(one.Seal("an answer"u8)));
    }

    public static TheoryData<string> Others => ["tenant", "subject", "client", "route", "shifted", "key"];

    [Theory]
    [MemberData(nameof(Others))]
    public void Derive_KeyOfAnother_IsAnotherRow(string differs)
    {
        var other = differs switch
        {
            "tenant" => Of(Scope with { TenantId = Guid.Empty }),
            "subject" => Of(Scope with { Subject = "bob" }),
            "client" => Of(Scope with { Client = "app" }),
            "route" => Of(Scope with { Route = "POST /others" }),
            "shifted" => Of(Scope with { Subject = "adaw", Client = "eb" }),
            _ => Of(Scope, key: "other"),
        };

        Assert.NotEqual(Of(Scope).Id, other.Id);
        Assert.ThrowsAny<CryptographicException>(() => other.Open(Of(Scope).Seal("an answer"u8)));
    }

    [Theory]
    [InlineData("/things", "other")]
    [InlineData("/things/1", "body")]
    public void Derive_AnotherRequestUnderTheKey_IsTheSameRowButOpensNothing(string path, string body)
    {
        var other = Of(Scope, path: path, body: body);

        Assert.Equal(Of(Scope).Id, other.Id);
        Assert.NotEqual(Of(Scope).Fingerprint, other.Fingerprint);
        Assert.ThrowsAny<CryptographicException>(() => other.Open(Of(Scope).Seal("an answer"u8)));
    }

    [Fact]
    public void Open_ShortOrUnknownForm_IsRefused()
    {
        Assert.ThrowsAny<CryptographicException>(() => Of(Scope).Open([]));
        Assert.ThrowsAny<CryptographicException>(() => Of(Scope).Open([1, 2, 3]));
        Assert.ThrowsAny<CryptographicException>(() => Of(Scope).Open([9, .. Of(Scope).Seal("an answer"u8).AsSpan(1)]));
    }

    private static IdempotentRequest Of(KeyScope scope, string key = "key", string path = "/things", string body = "body") =>
        IdempotentRequest.Of(key, scope, path, Encoding.UTF8.GetBytes(body));
}
