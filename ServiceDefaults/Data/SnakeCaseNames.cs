using System.Text;
using Microsoft.EntityFrameworkCore;

namespace ServiceDefaults.Data;

/// <summary>PostgreSQL's own habit for names, so that SQL needs no quotes.</summary>
public static class SnakeCaseNames
{
    /// <summary>Renames every table, column, key and index of the model; call it last.</summary>
    public static ModelBuilder UseSnakeCaseNames(this ModelBuilder builder)
    {
        foreach (var entity in builder.Model.GetEntityTypes())
        {
            if (entity.GetTableName() is { } table)
            {
                entity.SetTableName(Of(table));
            }

            // Members of a JSON document have no columns.
            foreach (var property in entity.IsMappedToJson() ? [] : entity.GetProperties())
            {
                property.SetColumnName(Of(property.GetColumnName()));
            }

            foreach (var key in entity.GetKeys())
            {
                key.SetName(Of(key.GetName()));
            }

            foreach (var reference in entity.GetForeignKeys())
            {
                reference.SetConstraintName(Of(reference.GetConstraintName()));
            }

            foreach (var index in entity.GetIndexes())
            {
                index.SetDatabaseName(Of(index.GetDatabaseName()));
            }
        }

        return builder;
    }

    private static string? Of(string? name)
    {
        if (name is null)
        {
            return null;
        }

        var snake = new StringBuilder(name.Length + 8);
        for (var at = 0; at < name.Length; at++)
        {
            var letter = name[at];
            var starts = char.IsUpper(letter) && at > 0 && name[at - 1] != '_'
                && (!char.IsUpper(name[at - 1]) || (at + 1 < name.Length && char.IsLower(name[at + 1])));
            snake.Append(starts ? "_" : "").Append(char.ToLowerInvariant(letter));
        }

        return snake.ToString();
    }
}
