using Microsoft.EntityFrameworkCore.Migrations;

namespace IdentityService.Data;

/// <summary>
/// What going back takes to where addresses were unique, proved or not. The account that has proved an address keeps it, or
/// as long as none has, the oldest that names it. The others get one below <c>.invalid</c>, where no mail ever goes (RFC
/// 6761 section 6.4); they sign in by their names and can set another.
/// </summary>
internal static class SoleAddresses
{
    public static void KeepOneOfEachAddress(this MigrationBuilder migration) => migration.Sql(
        """
        UPDATE users SET
            email = id || '@address.invalid',
            normalized_email = upper(id || '@address.invalid'),
            concurrency_stamp = replace(gen_random_uuid()::text, '-', '')
        WHERE id IN (
            SELECT id FROM (
                SELECT id, row_number() OVER (PARTITION BY normalized_email ORDER BY email_confirmed DESC, created_at, id) AS place
                FROM users) AS named
            WHERE place > 1);
        """);
}
