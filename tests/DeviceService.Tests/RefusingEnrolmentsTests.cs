using System.Net;
using System.Security.Cryptography;
using DeviceService.Tests.Support;

namespace DeviceService.Tests;

public sealed class RefusingEnrolmentsTests(DeviceApi api)
{
    private readonly Guid _tenant = DeviceApi.NewTenant();

    [Fact]
    public async Task Enroll_WithPrivateKey_IsRefused()
    {
        var (token, enrolment, device) = await EnrolmentAsync();
        enrolment["publicKey"] = device.Jwk(withPrivateHalf: true);
        await AssertRefusedAsync(token, enrolment, "invalid_public_key");
    }

    [Fact]
    public async Task Enroll_WithPrivateRsaKey_IsRefused()
    {
        var device = TestDevice.WithRsaKey(2048);
        var (token, enrolment, _) = await EnrolmentAsync(device);
        enrolment["publicKey"] = device.Jwk(withPrivateHalf: true);
        await AssertRefusedAsync(token, enrolment, "invalid_public_key");
    }

    [Theory]
    [InlineData(1024)]
    [InlineData(2040)]
    [InlineData(4104)]
    public async Task Enroll_WithRsaKeyOutOfBounds_IsRefused(int bits)
    {
        var (token, enrolment, _) = await EnrolmentAsync(TestDevice.WithRsaKey(bits));
        await AssertRefusedAsync(token, enrolment, "invalid_public_key");
    }

    [Fact]
    public async Task Enroll_WithAnotherCurve_IsRefused()
    {
        var (token, enrolment, _) = await EnrolmentAsync(TestDevice.WithEcKey(ECCurve.NamedCurves.nistP384));
        await AssertRefusedAsync(token, enrolment, "invalid_public_key");
    }

    [Theory]
    [InlineData("x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")] // not on the curve
    [InlineData("x", "AAAA")]
    [InlineData("x", "not base64url!")]
    [InlineData("kty", "oct")]
    [InlineData("use", "enc")]
    [InlineData("alg", "RS256")]
    [InlineData("x", 7)]
    public async Task Enroll_WithBrokenKey_IsRefused(string member, object value)
    {
        var (token, enrolment, device) = await EnrolmentAsync();
        var jwk = device.Jwk();
        jwk[member] = value;
        enrolment["publicKey"] = jwk;
        await AssertRefusedAsync(token, enrolment, "invalid_public_key");
    }

    [Fact]
    public async Task Enroll_WithSecondSpellingOfAModulus_IsRefused()
    {
        // A leading zero octet is the same number and would be another thumbprint.
        var device = TestDevice.WithRsaKey(2048);
        var (token, enrolment, _) = await EnrolmentAsync(device);
        var jwk = device.Jwk();
        var modulus = System.Buffers.Text.Base64Url.DecodeFromChars((string)jwk["n"]);
        jwk["n"] = System.Buffers.Text.Base64Url.EncodeToString([0, .. modulus]);
        enrolment["publicKey"] = jwk;
        await AssertRefusedAsync(token, enrolment, "invalid_public_key");
    }

    [Theory]
    [InlineData("aud", "https://elsewhere.test/enroll")]
    [InlineData("ath", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("jti", "short")]
    [InlineData("iat", 0L)]
    [InlineData("iat", long.MinValue)]
    [InlineData("iat", "now")]
    [InlineData("iat", 1e300)]
    public async Task Enroll_WithProofThatSaysSomethingElse_IsRefused(string claim, object value)
    {
        var (token, enrolment, device) = await EnrolmentAsync();
        var claims = TestDevice.EnrollClaims(token);
        claims[claim] = value;
        enrolment["proof"] = device.Sign(claims);
        await AssertRefusedAsync(token, enrolment, "invalid_proof");
    }

    [Theory]
    [InlineData(-299, true)]
    [InlineData(-320, false)]
    [InlineData(299, true)]
    [InlineData(320, false)]
    public async Task Enroll_WithProofOfAnotherTime_IsTakenWithinFiveMinutes(int seconds, bool taken)
    {
        var (token, enrolment, device) = await EnrolmentAsync();
        enrolment["proof"] = device.Sign(TestDevice.EnrollClaims(token, TimeProvider.System.GetUtcNow().AddSeconds(seconds)));

        var response = await SendAsync(enrolment);

        Assert.Equal(taken ? HttpStatusCode.Created : HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Theory]
    [InlineData("aud")]
    [InlineData("iat")]
    [InlineData("jti")]
    [InlineData("ath")]
    public async Task Enroll_WithProofThatLacksAClaim_IsRefused(string claim)
    {
        var (token, enrolment, device) = await EnrolmentAsync();
        var claims = TestDevice.EnrollClaims(token);
        claims.Remove(claim);
        enrolment["proof"] = device.Sign(claims);
        await AssertRefusedAsync(token, enrolment, "invalid_proof");
    }

    [Fact]
    public async Task Enroll_WithProofByAnotherKey_IsRefused()
    {
        var (token, enrolment, _) = await EnrolmentAsync();
        enrolment["proof"] = TestDevice.WithEcKey().Sign(TestDevice.EnrollClaims(token));
        await AssertRefusedAsync(token, enrolment, "invalid_proof");
    }

    [Fact]
    public async Task Enroll_WithTamperedProof_IsRefused()
    {
        var (token, enrolment, _) = await EnrolmentAsync();
        var parts = ((string)enrolment["proof"]).Split('.');
        parts[1] = TestDevice.WithEcKey().Sign(TestDevice.EnrollClaims(token)).Split('.')[1];
        enrolment["proof"] = string.Join('.', parts);
        await AssertRefusedAsync(token, enrolment, "invalid_proof");
    }

    [Theory]
    [InlineData("none")]
    [InlineData("HS256")]
    [InlineData("RS256")]
    public async Task Enroll_WithProofOfAnotherAlgorithm_IsRefused(string algorithm)
    {
        var (token, enrolment, device) = await EnrolmentAsync();
        enrolment["proof"] = device.Sign(TestDevice.EnrollClaims(token), algorithm: algorithm);
        await AssertRefusedAsync(token, enrolment, "invalid_proof");
    }

    [Fact]
    public async Task Enroll_WithUnsignedProof_IsRefused()
    {
        var (token, enrolment, device) = await EnrolmentAsync();
        var proof = device.Sign(TestDevice.EnrollClaims(token), algorithm: "none");
        enrolment["proof"] = proof[..(proof.LastIndexOf('.') + 1)];
        await AssertRefusedAsync(token, enrolment, "invalid_proof");
    }

    [Fact]
    public async Task Enroll_WithATokenInsteadOfAProof_IsRefused()
    {
        var (token, enrolment, device) = await EnrolmentAsync();
        enrolment["proof"] = device.Sign(TestDevice.EnrollClaims(token), type: "at+jwt");
        await AssertRefusedAsync(token, enrolment, "invalid_proof");
    }

    [Fact]
    public async Task Enroll_WithReplayedProof_IsRefused()
    {
        var (_, enrolment, _) = await EnrolmentAsync(maxUses: 2);
        await (await SendAsync(enrolment)).BodyAsync(HttpStatusCode.Created);

        var again = await SendAsync(enrolment);

        Assert.Equal("invalid_proof", await again.ProblemAsync(HttpStatusCode.BadRequest));
    }

    [Fact]
    public async Task Enroll_WithManyFaults_NamesThemAll()
    {
        var response = await api.SendAsync(HttpMethod.Post, "/api/v1/devices/enroll", body: new
        {
            name = new string('n', 101),
            profile = "no such label!",
            attributes = new Dictionary<string, string> { ["key with blank"] = "v" },
        });

        Assert.Equal(
            ["attributes", "enrollmentToken", "name", "profile", "proof", "publicKey"], (await response.FaultsAsync()).Order());
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{\"name\":\"a\",\"name\":\"b\"}")]
    [InlineData("{\"isAdmin\":true}")]
    [InlineData("{\"name\":7}")]
    public async Task Enroll_WithBodyThatIsNoEnrolment_IsMalformed(string body)
    {
        var response = await api.SendAsync(HttpMethod.Post, "/api/v1/devices/enroll", body: body);
        Assert.Equal("malformed_request", await response.ProblemAsync(HttpStatusCode.BadRequest));
    }

    [Theory]
    [InlineData(" ")]
    [InlineData("a\u0000b")]
    [InlineData("line\nbreak")]
    public async Task Enroll_WithUnprintableName_IsRefused(string name)
    {
        var (_, enrolment, _) = await EnrolmentAsync();
        enrolment["name"] = name;
        Assert.Equal(["name"], await (await SendAsync(enrolment)).FaultsAsync());
    }

    [Fact]
    public async Task Enroll_WithUnknownProfile_IsRefused()
    {
        var (_, enrolment, _) = await EnrolmentAsync();
        enrolment["profile"] = "nowhere";
        Assert.Equal("unknown_profile", await (await SendAsync(enrolment)).ProblemAsync(HttpStatusCode.BadRequest));
    }

    private async Task<(string Token, Dictionary<string, object> Enrolment, TestDevice Device)> EnrolmentAsync(
        TestDevice? device = null, int maxUses = 1)
    {
        var (_, token) = await api.TokenAsync(_tenant, new { maxUses });
        device ??= TestDevice.WithEcKey();
        return (token, device.Enrolment(token), device);
    }

    private Task<HttpResponseMessage> SendAsync(Dictionary<string, object> enrolment) =>
        api.SendAsync(HttpMethod.Post, "/api/v1/devices/enroll", body: enrolment);

    /// <summary>Refused with that code, without a device and without a use of the token, which a good device still gets.</summary>
    private async Task AssertRefusedAsync(string token, Dictionary<string, object> enrolment, string code)
    {
        Assert.Equal(code, await (await SendAsync(enrolment)).ProblemAsync(HttpStatusCode.BadRequest));
        await (await SendAsync(TestDevice.WithEcKey().Enrolment(token))).BodyAsync(HttpStatusCode.Created);
        await Eventually.Async(
            () => api.Events.Of<ServiceDefaults.Contracts.AuditRecorded>(record =>
                record.Action == "device.enrollment_denied" && record.Envelope.TenantId == _tenant
                && record.Detail!["reason"] == code).Count == 1,
            DeviceApi.Deadline);
    }
}
