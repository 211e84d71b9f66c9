namespace AuditService.Recording;

/// <summary>The actions that this service writes itself; README.md has the catalogue of all.</summary>
internal static class AuditActions
{
    /// <summary>A request at the gateway.</summary>
    public const string ApiRequest = "api.request";

    /// <summary>Somebody read other people's records.</summary>
    public const string AuditRead = "audit.read";
}
