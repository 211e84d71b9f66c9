using System.Text.Json;
using System.Text.Json.Serialization;

namespace ServiceDefaults.Hosting;

/// <summary>The JSON of every HTTP interface: what is not understood is refused, never guessed.</summary>
public static class StrictJson
{
    /// <summary>
    /// Sets camelCase names (case matters), enums as camelCase strings, and refuses unknown fields, duplicate fields,
    /// numbers in quotes, missing constructor parameters and null where the type says it cannot be.
    /// </summary>
    public static void Apply(JsonSerializerOptions options)
    {
        options.PropertyNamingPolicy = JsonNamingPolicy.CamelCase;
        options.PropertyNameCaseInsensitive = false;
        options.NumberHandling = JsonNumberHandling.Strict;
        options.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        options.AllowDuplicateProperties = false;
        options.RespectNullableAnnotations = true;
        options.RespectRequiredConstructorParameters = true;
        options.MaxDepth = 32;
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false));
    }
}
