using System.Security.Cryptography;
using System.Text;

namespace IdentityService.Accounts;

/// <summary>What is unique of a user name.</summary>
internal static class UserNames
{
    /// <summary>SHA-256 of how the name looks, so that it can outlive the name. Two names with one key look alike.</summary>
    public static byte[] KeyOf(string userName) => SHA256.HashData(Encoding.UTF8.GetBytes(SkeletonOf(userName)));

    private static string SkeletonOf(string userName) => userName.ToLowerInvariant()
        .Replace('0', 'o').Replace('1', 'l').Replace("m", "rn", StringComparison.Ordinal);
}
