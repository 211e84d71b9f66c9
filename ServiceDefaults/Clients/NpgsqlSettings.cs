namespace Aspire.Npgsql;

/// <summary>Settings of a PostgreSQL client, sections <c>Aspire:Npgsql</c> and <c>Aspire:Npgsql:{name}</c>.</summary>
public sealed class NpgsqlSettings
{
    /// <summary>The connection string; <c>ConnectionStrings:{name}</c> wins over the sections.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>Leaves the database out of readiness.</summary>
    public bool DisableHealthChecks { get; set; }

    /// <summary>Makes no spans for the commands of this data source.</summary>
    public bool DisableTracing { get; set; }

    /// <summary>Takes no metrics of Npgsql. Its meter is one for the process, so this holds for all data sources.</summary>
    public bool DisableMetrics { get; set; }
}
