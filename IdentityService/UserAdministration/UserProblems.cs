using Microsoft.AspNetCore.Http.HttpResults;
using ServiceDefaults.Problems;

namespace IdentityService.UserAdministration;

/// <summary>The expected failures of user administration.</summary>
internal static class UserProblems
{
    public static ProblemHttpResult AboveYou() => Problem.Of(
        403, "account_above_yours", "This account has rights that you don't have; only who has them too can change it.");

    public static ProblemHttpResult RoleAboveYours(string role) =>
        Problem.Of(403, "role_above_yours", $"The role {role} has rights that you don't have, so you can't give it.");

    public static ProblemHttpResult LastAdministrator() => Problem.Of(
        409, "last_platform_administrator", "Without this account nobody could administer the platform. Give the role to another one first.");

}
