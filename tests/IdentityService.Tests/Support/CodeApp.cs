using System.Net;
using IdentityService.SecondFactor;

namespace IdentityService.Tests.Support;

/// <summary>A person's authenticator application, with the recovery codes they wrote down.</summary>
internal sealed class CodeApp(string secret, TimeProvider time)
{
    public string Secret => secret;

    public string[] RecoveryCodes { get; private set; } = [];

    /// <summary>The code it shows now.</summary>
    public string Code => CodeAt(time.GetUtcNow());

    /// <summary>A code of six digits that is not among those accepted now.</summary>
    public string WrongCode
    {
        get
        {
            string[] good = [.. Enumerable.Range(-2, 5).Select(step => CodeAt(time.GetUtcNow() + (step * OneTimePassword.Step)))];
            return Enumerable.Range(0, 10).Select(number => $"00000{number}").First(code => !good.Contains(code));
        }
    }

    public string CodeAt(DateTimeOffset at) => OneTimePassword.CodeOf(Decode(secret), OneTimePassword.StepAt(at));

    /// <summary>Sets the second factor up for someone who has just signed in.</summary>
    public static async Task<CodeApp> EnableAsync(Person person, TimeProvider time)
    {
        var setUp = await (await person.SendAsync(HttpMethod.Post, "2fa/setup", token: person.AccessToken)).BodyAsync(HttpStatusCode.OK);
        var app = new CodeApp(setUp.Text("secret"), time);
        var confirmed = await (await person.SendAsync(HttpMethod.Post, "2fa/confirm", new { code = app.Code }, person.AccessToken)).BodyAsync(HttpStatusCode.OK);
        app.RecoveryCodes = [.. confirmed.GetProperty("codes").EnumerateArray().Select(code => code.GetString()!)];
        return app;
    }

    private static byte[] Decode(string text)
    {
        List<byte> octets = [];
        var (buffer, bits) = (0, 0);
        foreach (var letter in text)
        {
            (buffer, bits) = (((buffer << 5) | (letter <= '9' ? letter - '2' + 26 : letter - 'A')) & 0xFFFF, bits + 5);
            if (bits >= 8)
            {
                bits -= 8;
                octets.Add((byte)(buffer >> bits));
            }
        }

        return [.. octets];
    }
}
