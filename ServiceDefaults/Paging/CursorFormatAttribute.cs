using System.ComponentModel.DataAnnotations;

namespace ServiceDefaults.Paging;

/// <summary>Refuses a <c>?cursor=</c> that no list gave.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class CursorFormatAttribute() : ValidationAttribute("The cursor is not one that a list returned.")
{
    /// <inheritdoc />
    public override bool IsValid(object? value) => value is null || (value is string text && Cursor.TryParse(text, out _));
}
