using System.Globalization;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace DeviceService.Devices;

/// <summary>A device's version as a strong ETag (RFC 9110 section 8.8.3).</summary>
internal static class EntityTag
{
    public static void Show(HttpResponse response, int version) =>
        response.Headers.ETag = string.Create(CultureInfo.InvariantCulture, $"\"{version}\"");

    /// <summary>Whether <c>If-Match</c> names the version; null when the header is missing.</summary>
    /// <remarks>Weak tags never match here (section 13.1.1), and one that cannot be read names no version.</remarks>
    public static bool? Matches(HttpRequest request, int version)
    {
        var header = request.Headers.IfMatch;
        if (StringValues.IsNullOrEmpty(header))
        {
            return null;
        }

        var current = new EntityTagHeaderValue(string.Create(CultureInfo.InvariantCulture, $"\"{version}\""));
        return EntityTagHeaderValue.TryParseList(header, out var tags)
            && tags.Any(tag => tag.Equals(EntityTagHeaderValue.Any) || tag.Compare(current, useStrongComparison: true));
    }
}
