using Microsoft.EntityFrameworkCore.Migrations;

namespace IdentityService.Data;

/// <summary>
/// Keys for the names that were given before there were any: of ASCII, whose skeleton (UTS 39) differs from the text in
/// four letters. Where two of them look alike, the older one keeps the key and the other gets one of its own.
/// </summary>
internal static class NameKeys
{
    public static void FillNameKeys(this MigrationBuilder migration)
    {
        Fill(migration, "name_key", "lower(user_name)");
        Fill(migration, "look_key", "user_name");
        migration.Sql(
            """
            UPDATE users SET email_confirmed = true
            WHERE id IN (SELECT user_id FROM user_roles JOIN roles ON roles.id = role_id WHERE roles.name = 'platform-admin');
            """);
    }

    public static void DropDeletedUsers(this MigrationBuilder migration) =>
        migration.Sql("DELETE FROM users WHERE deleted_at IS NOT NULL");

    private static void Fill(MigrationBuilder migration, string column, string text) => migration.Sql(
        $"""
        UPDATE users SET {column} = keyed.key
        FROM (
            SELECT id, CASE WHEN row_number() OVER (PARTITION BY skeleton ORDER BY created_at, id) = 1
                THEN sha256(convert_to(skeleton, 'UTF8'))
                ELSE sha256(convert_to(skeleton || ' ' || id::text, 'UTF8')) END AS key
            FROM (
                SELECT id, created_at,
                    replace(replace(replace(lower(replace({text}, 'I', 'l')), '0', 'o'), '1', 'l'), 'm', 'rn') AS skeleton
                FROM users) AS named) AS keyed
        WHERE users.id = keyed.id;
        """);
}
