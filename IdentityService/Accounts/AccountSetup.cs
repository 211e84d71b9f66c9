using IdentityService.Data;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace IdentityService.Accounts;

/// <summary>ASP.NET Core Identity with the platform's rules.</summary>
internal static class AccountSetup
{
    public static void AddAccounts(this IServiceCollection services)
    {
        services.AddValidatedOptions<RegistrationOptions>("Registration");
        services.AddValidatedOptions<SignInOptions>("SignIn");
        services.AddValidatedOptions<AdministratorOptions>("Administrator");
        services.Configure<PasswordHasherOptions>(options => options.IterationCount = PasswordHashing.Rounds);
        services.AddIdentityCore<User>().AddRoles<Role>().AddEntityFrameworkStores<IdentityDb>();

        services.Replace(ServiceDescriptor.Singleton<ILookupNormalizer, LookupNames>());

        // It would look for the name before the insert; the unique indexes decide.
        services.RemoveAll<IUserValidator<User>>();
        services.AddSingleton<IPasswordHasher<User>, PasswordHasher<User>>();
        services.AddSingleton<PasswordHashing>();
        services.AddScoped<SignInThrottle>();
        services.AddScoped<Credentials>();
        services.AddScoped<SignInBarriers>();
        services.AddScoped<AccountOpening>();
        services.AddScoped<AccountEnding>();
        services.AddScoped<AddressChange>();
        services.AddScoped<LogInOutcome>();
        services.AddScoped<PasswordChange>();
    }
}

/// <summary>The framework's own needs ICU for letters beyond ASCII.</summary>
internal sealed class LookupNames : ILookupNormalizer
{
    public string? NormalizeName(string? name) => name is null ? null : LoginName.Normalize(name);

    public string? NormalizeEmail(string? email) => email is null ? null : LoginName.Normalize(email);
}
