using System.Net;
using System.Net.Sockets;
using IdentityService.Clients;
using IdentityService.Tokens;
using Microsoft.Extensions.Options;
using ServiceDefaults.Authentication;

namespace IdentityService.SigningOut;

/// <summary>
/// Posts logout tokens (OpenID Connect Back-Channel Logout 1.0 sections 2.4 and 2.5). The address is an administrator's
/// choice, of one tenant perhaps, so that it must not reach into the network this service stands in: unless
/// <c>Clients:PrivateCallbacks</c> says otherwise, only public addresses are connected to, checked on what the name
/// resolves to at that moment. No redirect is followed and nothing but the status is read.
/// </summary>
internal sealed class LogoutCallbacks : IDisposable
{
    private static readonly TimeSpan TokenLife = TimeSpan.FromMinutes(2);

    private readonly JwtSigning _signing;
    private readonly IOptions<AuthenticationOptions> _authentication;
    private readonly IOptions<ClientOptions> _clients;
    private readonly TimeProvider _time;
    private readonly HttpClient _http;

    public LogoutCallbacks(JwtSigning signing, IOptions<AuthenticationOptions> authentication, IOptions<ClientOptions> clients, TimeProvider time)
    {
        (_signing, _authentication, _clients, _time) = (signing, authentication, clients, time);
        _http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            ConnectTimeout = TimeSpan.FromSeconds(3),
            PooledConnectionLifetime = TimeSpan.FromMinutes(2),
            ConnectCallback = ConnectAsync,
        })
        {
            Timeout = TimeSpan.FromSeconds(5),
        };
    }

    /// <summary>Tells one application; null, or why not.</summary>
    public async Task<string?> PostAsync(DueNotice notice, CancellationToken cancellationToken)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, notice.Uri)
            {
                Content = new FormUrlEncodedContent([new("logout_token", TokenOf(notice))]),
            };
            using var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            return answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.NoContent ? null : $"status {(int)answer.StatusCode}";
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException or UriFormatException or InvalidOperationException
            || (fault is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return fault is HttpRequestException { InnerException: PrivateAddressException } ? "private_address" : "not_reached";
        }
    }

    public void Dispose() => _http.Dispose();

    // Section 2.4: with the event, without a nonce, and with a type of its own (RFC 8725 section 3.11).
    private string TokenOf(DueNotice notice)
    {
        var now = _time.GetUtcNow();
        return _signing.Sign("logout+jwt", claims =>
        {
            claims.WriteString("iss", _authentication.Value.Issuer);
            claims.WriteString("aud", notice.ClientId);
            claims.WriteString("sub", notice.UserId);
            claims.WriteString("sid", notice.SessionId);
            claims.WriteString("jti", Guid.CreateVersion7(now).ToString("N"));
            claims.WriteNumber("iat", now.ToUnixTimeSeconds());
            claims.WriteNumber("exp", (now + TokenLife).ToUnixTimeSeconds());
            claims.WriteStartObject("events");
            claims.WriteStartObject("http://schemas.openid.net/event/backchannel-logout");
            claims.WriteEndObject();
            claims.WriteEndObject();
        });
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var addresses = await Dns.GetHostAddressesAsync(context.DnsEndPoint.Host, cancellationToken);
        var allowed = _clients.Value.PrivateCallbacks ? addresses : Array.FindAll(addresses, PublicAddresses.Contain);
        if (allowed.Length == 0)
        {
            throw new PrivateAddressException();
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(allowed, context.DnsEndPoint.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private sealed class PrivateAddressException() : Exception("The address is not a public one.");
}
