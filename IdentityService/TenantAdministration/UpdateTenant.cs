using System.ComponentModel.DataAnnotations;
using IdentityService.Accounts;
using IdentityService.Data;
using IdentityService.Operation;
using IdentityService.Revocations;
using IdentityService.UserAdministration;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using ServiceDefaults.Authentication;
using ServiceDefaults.Contracts;
using ServiceDefaults.Messaging;
using ServiceDefaults.Problems;

namespace IdentityService.TenantAdministration;

/// <summary>Name and state of an organisation.</summary>
public sealed record UpdateTenantRequest
{
    [Required(ErrorMessage = "is required"), StringLength(100, MinimumLength = 1, ErrorMessage = "must be 1 to 100 characters"), PlainText]
    public string? Name { get; init; }

    /// <summary>Keeps its people, devices and applications out, and ends what they have.</summary>
    public bool Disabled { get; init; }
}

/// <summary>Renames an organisation, keeps it out, lets it in.</summary>
internal static class UpdateTenant
{
    public static async Task<Results<Ok<TenantView>, ProblemHttpResult>> HandleAsync(
        Guid id, UpdateTenantRequest request, HttpContext http, IdentityDb database, TenantChange change, CancellationToken cancellationToken)
    {
        if (await database.Tenants.SingleOrDefaultAsync(row => row.Id == id, cancellationToken) is not { } tenant)
        {
            return Problem.NotFound();
        }

        if (TenantProblems.PreconditionOf(http.Request.Headers.IfMatch, tenant) is { } problem)
        {
            return problem;
        }

        if (await change.ApplyAsync(tenant, request, cancellationToken) is { } refusal)
        {
            return refusal;
        }

        http.Response.Headers.ETag = TenantProblems.TagOf(tenant);
        return TypedResults.Ok(TenantView.Of(tenant));
    }
}

/// <summary>Changes an organisation with what follows from it, in one transaction.</summary>
internal sealed class TenantChange(
    IdentityDb database, AdministratorRights rights, RevocationLog revocations, RevocationReceipts receipts, Caller caller, TimeProvider time)
{
    // A sign-in that has looked at the tenant just before may get its token a little later.
    private static readonly TimeSpan InFlight = TimeSpan.FromSeconds(10);

    /// <summary>Null when it is done.</summary>
    public async Task<ProblemHttpResult?> ApplyAsync(Tenant tenant, UpdateTenantRequest request, CancellationToken cancellationToken)
    {
        if (request.Disabled && tenant.Id == Tenants.Default)
        {
            return TenantProblems.DefaultStays();
        }

        await using var transaction = await database.Database.BeginTransactionAsync(cancellationToken);
        var (before, now) = (TenantView.Of(tenant), time.GetInstant());
        var ends = tenant.Update(request.Name!.Trim(), request.Disabled, now);
        if (ends && await rights.WouldBeLastAsync(withoutUser: null, tenant.Id, cancellationToken))
        {
            return UserProblems.LastAdministrator();
        }

        var cause = caller.Envelope(tenantId: tenant.Id);
        Record(tenant, before, ends, cause);
        try
        {
            await database.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateConcurrencyException)
        {
            return Problem.Of(412, ProblemCodes.PreconditionFailed, "The tenant has changed since you read it. Read it again.");
        }
        catch (DbUpdateException fault) when (UniqueViolation.Of(fault, IdentityMapping.UniqueTenantName))
        {
            return TenantProblems.NameTaken();
        }

        var revocation = ends ? await EndAsync(tenant, cause, now, cancellationToken) : null;
        await transaction.CommitAsync(cancellationToken);
        if (revocation is not null)
        {
            revocations.Committed(revocation);
            await receipts.WaitUntilAppliedAsync(revocation.Sequence, cancellationToken);
        }

        return null;
    }

    private void Record(Tenant tenant, TenantView before, bool ends, EventEnvelope cause)
    {
        var begins = before.Disabled && tenant.DisabledAt is null;
        var action = ends ? "tenant.disabled" : begins ? "tenant.enabled" : "tenant.updated";
        database.AddAudit(cause, action, "tenant", tenant.Id.ToString(), severity: AuditSeverity.Notice, before: before, after: TenantView.Of(tenant));
        var told = cause with { Id = Guid.CreateVersion7(cause.OccurredAt) };
        if (ends)
        {
            database.AddEvent(new TenantDisabled(told, tenant.Id), tenant.Id);
        }
        else if (begins)
        {
            database.AddEvent(new TenantEnabled(told, tenant.Id), tenant.Id);
        }
    }

    // The epochs end what begins at this very moment; the cutoff, one entry at every gateway, ends the tokens that are out.
    private async Task<Revocation> EndAsync(Tenant tenant, EventEnvelope cause, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await database.Users.IgnoreQueryFilters().Where(row => row.TenantId == tenant.Id)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.Epoch, row => row.Epoch + 1), cancellationToken);
        await database.Database.ExecuteSqlAsync(
            $"SELECT FROM sessions WHERE tenant_id = {tenant.Id} AND revoked_at IS NULL ORDER BY id FOR UPDATE", cancellationToken);
        await database.Sessions.IgnoreQueryFilters().Where(row => row.TenantId == tenant.Id && row.RevokedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.RevokedAt, now), cancellationToken);
        var revocation = await revocations.AddAsync(
            RevocationKind.Tenant, tenant.Id.ToString(), epoch: null, cutoff: now + InFlight, cause, cancellationToken);
        await database.SaveChangesAsync(cancellationToken);
        return revocation;
    }
}
