namespace IdentityService.Secrets;

/// <summary>
/// Where something is kept that <see cref="Keys.KeyEncryption"/> encrypted. Whoever adds such a column registers it with
/// <c>services.AddSingleton(new EncryptedColumn(…))</c> in <see cref="EncryptedColumns"/>, else its secrets stay under the old key.
/// </summary>
/// <param name="Table">The table.</param>
/// <param name="Key">The column of its primary key.</param>
/// <param name="Secret">The column of type <c>bytea</c>.</param>
/// <param name="Owner">From the key's text, the name that a secret is bound to.</param>
internal sealed record EncryptedColumn(string Table, string Key, string Secret, Func<string, string> Owner);

/// <summary>Every encrypted column of the database.</summary>
internal static class EncryptedColumns
{
    public static void AddEncryptedColumns(this IServiceCollection services)
    {
        services.AddSingleton(new EncryptedColumn("signing_keys", "key_id", "private_key", static keyId => keyId));
        services.AddSingleton(new EncryptedColumn("authenticators", "user_id", "secret", static userId => $"authenticator:{userId}"));
        services.AddSingleton(new EncryptedColumn("idempotency_keys", "id", "answer", AnswerProtection.OwnerOf));
    }
}
