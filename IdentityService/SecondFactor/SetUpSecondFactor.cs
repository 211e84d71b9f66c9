using System.Security.Cryptography;
using System.Text;
using IdentityService.Data;
using IdentityService.Keys;
using IdentityService.Operation;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using QRCoder;
using ServiceDefaults.Authentication;
using ServiceDefaults.Problems;

namespace IdentityService.SecondFactor;

/// <summary>What an authenticator application needs; shown this once.</summary>
/// <param name="Secret">In base32, to be typed where no camera is.</param>
/// <param name="Uri">The same for applications on this device.</param>
/// <param name="QrCode">The same for a camera.</param>
/// <param name="ExpiresIn">Seconds in which to confirm it.</param>
public sealed record SecondFactorSetUp(string Secret, string Uri, QrCode QrCode, int ExpiresIn);

/// <summary>A picture in two forms.</summary>
/// <param name="Png">A <c>data:</c> address.</param>
/// <param name="Svg">An SVG element.</param>
public sealed record QrCode(string Png, string Svg);

/// <summary>Makes a secret, which counts once a code of it was shown. Made anew at each call until then.</summary>
internal static class SetUpSecondFactor
{
    private const int PixelsPerModule = 6;

    public static async Task<Results<Ok<SecondFactorSetUp>, ProblemHttpResult>> HandleAsync(
        Caller caller,
        IdentityDb database,
        KeyEncryption keys,
        IOptions<SecondFactorOptions> options,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        if (await database.Users.AsNoTracking().SingleOrDefaultAsync(row => row.Id == caller.SubjectId, cancellationToken) is not { } user)
        {
            return Problem.NotFound();
        }

        if (user.TwoFactorEnabled)
        {
            return SecondFactorProblems.AlreadyEnabled();
        }

        var secret = RandomNumberGenerator.GetBytes(OneTimePassword.SecretBytes);
        var authenticator = await database.Authenticators.SingleOrDefaultAsync(row => row.UserId == user.Id, cancellationToken);
        if (authenticator is null)
        {
            authenticator = new Authenticator { UserId = user.Id };
            database.Authenticators.Add(authenticator);
        }

        authenticator.Begin(keys.Protect(secret, authenticator.Owner), time.GetInstant());
        try
        {
            await database.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateException fault) when (UniqueViolation.Of(fault, SecondFactorMapping.AuthenticatorKey))
        {
            return Problem.Of(409, ProblemCodes.Conflict, "The set-up was begun at the same time. Try again.");
        }

        var text = Base32.Encode(secret);
        var uri = UriOf(options.Value.IssuerName, user.UserName!, text);
        return TypedResults.Ok(new SecondFactorSetUp(text, uri, Draw(uri), (int)options.Value.SetUpLife.TotalSeconds));
    }

    /// <summary>The form that all authenticator applications read: issuer and account as label, the issuer once more as parameter.</summary>
    private static string UriOf(string issuer, string account, string secret) =>
        $"otpauth://totp/{Uri.EscapeDataString(issuer)}:{Uri.EscapeDataString(account)}?secret={secret}&issuer={Uri.EscapeDataString(issuer)}"
        + $"&algorithm=SHA1&digits={OneTimePassword.Digits}&period={(int)OneTimePassword.Step.TotalSeconds}";

    private static QrCode Draw(string uri)
    {
        using var code = QRCodeGenerator.GenerateQrCode(Encoding.UTF8.GetBytes(uri), QRCodeGenerator.ECCLevel.M);
        using var png = new PngByteQRCode(code);
        using var svg = new SvgQRCode(code);
        return new QrCode(
            $"data:image/png;base64,{Convert.ToBase64String(png.GetGraphic(PixelsPerModule))}", svg.GetGraphic(PixelsPerModule));
    }
}
