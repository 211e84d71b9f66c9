using System.Security.Cryptography;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>Where the value of a parameter comes from when nobody sets it.</summary>
public abstract class ParameterDefault
{
    public abstract string GetDefaultValue();
}

/// <summary>A random value with at least the asked number of characters of every allowed kind.</summary>
public sealed class GenerateParameterDefault : ParameterDefault
{
    private const string LowerChars = "abcdefghjkmnpqrstuvwxyz";
    private const string UpperChars = "ABCDEFGHJKMNPQRSTUVWXYZ";
    private const string NumericChars = "0123456789";

    // Aspire's set: none of them needs quoting in a connection string or a shell.
    private const string SpecialChars = "-_.{}~()*+!";

    public int MinLength { get; set; }

    public bool Lower { get; set; } = true;

    public bool Upper { get; set; } = true;

    public bool Numeric { get; set; } = true;

    public bool Special { get; set; } = true;

    public int MinLower { get; set; }

    public int MinUpper { get; set; }

    public int MinNumeric { get; set; }

    public int MinSpecial { get; set; }

    public override string GetDefaultValue()
    {
        (string Chars, int Min)[] kinds =
        [
            .. Lower ? [(LowerChars, MinLower)] : Array.Empty<(string, int)>(),
            .. Upper ? [(UpperChars, MinUpper)] : Array.Empty<(string, int)>(),
            .. Numeric ? [(NumericChars, MinNumeric)] : Array.Empty<(string, int)>(),
            .. Special ? [(SpecialChars, MinSpecial)] : Array.Empty<(string, int)>(),
        ];
        if (kinds.Length == 0)
        {
            throw new InvalidOperationException("A generated parameter needs at least one kind of character.");
        }

        var value = kinds.SelectMany(k => RandomNumberGenerator.GetItems<char>(k.Chars, k.Min)).ToList();
        var all = string.Concat(kinds.Select(k => k.Chars));
        value.AddRange(RandomNumberGenerator.GetItems<char>(all, Math.Max(0, MinLength - value.Count)));

        var shuffled = value.ToArray();
        RandomNumberGenerator.Shuffle(shuffled.AsSpan());
        return new string(shuffled);
    }
}

/// <summary>A value given from outside, or generated and kept.</summary>
public class ParameterResource(string name, Func<ParameterDefault?, string> callback, bool secret = false) : Resource(name), IExpressionValue
{
    private readonly Lock _gate = new();
    private string? _value;

    public bool Secret { get; } = secret;

    public ParameterDefault? Default { get; set; }

    public string ValueExpression => $"{{{Name}.value}}";

    public ValueTask<string?> GetValueAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return new(_value ??= callback(Default));
        }
    }
}
