namespace ServiceDefaults.Paging;

/// <summary>Bounds of <c>?limit=</c>, the same for every list.</summary>
public static class PageLimits
{
    /// <summary>Rows of a page when the client does not say.</summary>
    public const int Default = 50;

    /// <summary>The most a client can ask for.</summary>
    public const int Most = 1000;
}
