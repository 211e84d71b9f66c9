using AuditService.Evidence.Verifying;
using ServiceDefaults.Authentication;

namespace AuditService.Evidence;

/// <summary>What the log can be held to: checkpoints, proofs and the tree itself.</summary>
internal static class EvidenceEndpoints
{
    public static void MapEvidenceEndpoints(this IEndpointRouteBuilder app)
    {
        var evidence = app.MapGroup("/api/v1/audit").WithTags("Evidence").RequireScope(Scopes.AuditRead, Scopes.AuditAdmin);
        evidence.MapGet("/checkpoint", ShowCheckpoint.HandleAsync).WithName("ShowCheckpoint");
        evidence.MapGet("/checkpoint/key", ShowCheckpoint.Key).WithName("ShowCheckpointKey");
        evidence.MapGet("/logs/{id:guid}/proof", ProveRecord.HandleAsync).WithName("ProveAuditRecord");
        evidence.MapGet("/consistency", ProveConsistency.HandleAsync).WithName("ProveConsistency");
        evidence.MapGet("/tile/{level:int}/{**number}", ShowTile.HandleAsync).WithName("ShowTile");
        evidence.MapGet("/evidence", ExportEvidence.HandleAsync).WithName("ExportEvidence");
        evidence.MapGet("/integrity", ShowIntegrity.HandleAsync).WithName("ShowIntegrity");
    }
}
