using IdentityService.Pages;
using IdentityService.Tokens;
using ServiceDefaults.Messaging;

namespace IdentityService.AccountMail;

/// <summary>Routes of verified addresses and of forgotten passwords, for programs and for browsers.</summary>
internal static class AccountMailEndpoints
{
    public static void AddAccountMail(this IServiceCollection services)
    {
        services.AddValidatedOptions<AccountMailOptions>("AccountMail");
        services.AddEventSealing();
        services.AddSingleton<MailRequestSignal>();
        services.AddSingleton<MailRequestRunner>();
        services.AddHostedService(static provider => provider.GetRequiredService<MailRequestRunner>());
        services.AddScoped<MailQuotas>();
        services.AddScoped<AccountLinks>();
        services.AddScoped<AddressProof>();
        services.AddScoped<EmailVerification>();
        services.AddScoped<PasswordReset>();
        services.AddScoped<ForcedReset>();
    }

    public static void MapAccountMail(this IEndpointRouteBuilder routes)
    {
        var open = routes.MapGroup("/api/v1/auth").AllowAnonymous().SeeingEveryTenant().WithNoStore().WithSmallBodies();
        open.MapPost("/verify-email", VerifyEmail.HandleAsync).WithName("VerifyEmail");
        open.MapPost("/resend-verification", RequestMail.ResendVerificationAsync).WithName("ResendVerification");
        open.MapPost("/forgot-password", RequestMail.ForgotPasswordAsync).WithName("ForgotPassword");
        open.MapPost("/reset-password", ResetPassword.HandleAsync).WithName("ResetPassword");

        var pages = routes.MapPages("/account");
        pages.MapGet("/verify-email", VerifyEmailPage.ShowAsync).WithName("ShowVerifyEmail");
        pages.MapPost("/verify-email", VerifyEmailPage.HandleAsync).WithName("VerifyEmailByForm");
        pages.MapGet("/forgot-password", ForgotPasswordPage.Show).WithName("ShowForgotPassword");
        pages.MapPost("/forgot-password", ForgotPasswordPage.HandleAsync).WithName("ForgotPasswordByForm");
        pages.MapGet("/reset-password", ResetPasswordPage.ShowAsync).WithName("ShowResetPassword");
        pages.MapPost("/reset-password", ResetPasswordPage.HandleAsync).WithName("ResetPasswordByForm");
    }
}
