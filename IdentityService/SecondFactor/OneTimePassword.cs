using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace IdentityService.SecondFactor;

/// <summary>
/// Codes by RFC 6238 with what every authenticator application has: HMAC-SHA-1, six digits, steps of 30 seconds. SHA-1's
/// collisions do not touch its HMAC (RFC 6194 section 3.3).
/// </summary>
internal static class OneTimePassword
{
    public const int Digits = 6;

    /// <summary>RFC 4226 section 4, R6.</summary>
    public const int SecretBytes = 20;

    public static readonly TimeSpan Step = TimeSpan.FromSeconds(30);

    // One step to either side: clocks differ, and people take time to type (RFC 6238 section 5.2).
    private const int Window = 1;

    public static long StepAt(DateTimeOffset now) => now.ToUnixTimeSeconds() / (long)Step.TotalSeconds;

    /// <summary>The code of a time step, or of any counter (RFC 4226 section 5.3).</summary>
    public static string CodeOf(ReadOnlySpan<byte> secret, long step, int digits = Digits)
    {
        Span<byte> counter = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(counter, step);
        Span<byte> hash = stackalloc byte[HMACSHA1.HashSizeInBytes];
#pragma warning disable CA5350 // the one algorithm that authenticator applications share
        HMACSHA1.HashData(secret, counter, hash);
#pragma warning restore CA5350
        var number = BinaryPrimitives.ReadInt32BigEndian(hash[(hash[^1] & 15)..]) & int.MaxValue;
        return (number % (int)Math.Pow(10, digits)).ToString(CultureInfo.InvariantCulture).PadLeft(digits, '0');
    }

    /// <summary>The time step near now whose code this is; null for none. Takes the same time for every code.</summary>
    public static long? Match(ReadOnlySpan<byte> secret, string code, DateTimeOffset now)
    {
        long? matched = null;
        var typed = Encoding.UTF8.GetBytes(code);
        for (var step = StepAt(now) - Window; step <= StepAt(now) + Window; step++)
        {
            if (CryptographicOperations.FixedTimeEquals(typed, Encoding.UTF8.GetBytes(CodeOf(secret, step))))
            {
                matched = step;
            }
        }

        return matched;
    }
}
