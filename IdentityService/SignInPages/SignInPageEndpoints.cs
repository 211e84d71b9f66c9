using IdentityService.Pages;

namespace IdentityService.SignInPages;

/// <summary>Pages on which a user signs in and looks after the ways to.</summary>
internal static class SignInPageEndpoints
{
    public static void MapSignInPages(this IEndpointRouteBuilder routes)
    {
        var pages = routes.MapPages("");
        pages.MapGet($"{AccountPage.Path}/", AccountPage.ShowAsync).WithName("ShowAccount");
        pages.MapGet(SignInPage.Path, SignInPage.ShowAsync).WithName("ShowSignIn");
        pages.MapPost(SignInPage.Path, SignInPage.HandleAsync).WithName("SignIn");
        pages.MapPost(PasskeySignInPage.Path, PasskeySignInPage.HandleAsync).WithName("SignInWithPasskey");
        pages.MapGet(SecondFactorPage.Path, SecondFactorPage.ShowAsync).WithName("ShowSecondFactorPage");
        pages.MapPost(SecondFactorPage.Path, SecondFactorPage.HandleAsync).WithName("SignInWithSecondFactor");
        pages.MapGet(SecondFactorPage.StepUpPath, SecondFactorPage.ShowStepUpAsync).WithName("ShowStepUp");
        pages.MapPost(SecondFactorPage.StepUpPath, SecondFactorPage.HandleStepUpAsync).WithName("StepUpBrowser");
        pages.MapPost(AccountPage.PasskeyPath, PasskeyPages.AddAsync).WithName("AddPasskey");
        pages.MapPost(AccountPage.PasskeyRemovalPath, PasskeyPages.RemoveAsync).WithName("RemovePasskeyInBrowser");
    }

    public static void AddSignInPages(this IServiceCollection services)
    {
        services.AddScoped<SignInPage>();
        services.AddScoped<SignInForm>();
        services.AddScoped<SecondFactorPage>();
        services.AddScoped<AccountPage>();
        services.AddScoped<PasskeyPages>();
        services.AddScoped<PageSignIn>();
        services.AddScoped<PageStepUp>();
    }
}
