using IdentityService.Pages;
using IdentityService.Sessions;
using IdentityService.SigningOut;

namespace IdentityService.SignInPages;

/// <summary>Says who is signed in here.</summary>
internal static class AccountPage
{
    public const string Path = "/account";

    public static async Task<IResult> ShowAsync(HttpContext http, BrowserSessions browsers, PageForm forms, CancellationToken cancellationToken) =>
        await browsers.FindAsync(http, cancellationToken) is { } browser
            ? new Page("Your account", $"""
                <p>You are signed in as <strong>{browser.User.UserName}</strong>.</p>
                <form method="post" action="{SignOut.Path}">
                {forms.Field(http)}
                <button class="second">Sign out</button>
                </form>
                """)
            : new SeeOther(SignInPage.Path);

    public static void MapSignInPages(this IEndpointRouteBuilder routes)
    {
        var pages = routes.MapPages(Path);
        pages.MapGet("", ShowAsync).WithName("ShowAccount");
        pages.MapGet("/sign-in", SignInPage.ShowAsync).WithName("ShowSignIn");
        pages.MapPost("/sign-in", SignInPage.HandleAsync).WithName("SignIn");
        pages.MapGet("/sign-in/code", SecondFactorPage.ShowAsync).WithName("ShowSecondFactorPage");
        pages.MapPost("/sign-in/code", SecondFactorPage.HandleAsync).WithName("SignInWithSecondFactor");
        pages.MapGet("/step-up", SecondFactorPage.ShowStepUpAsync).WithName("ShowStepUp");
        pages.MapPost("/step-up", SecondFactorPage.HandleStepUpAsync).WithName("StepUpBrowser");
    }

    public static void AddSignInPages(this IServiceCollection services)
    {
        services.AddScoped<SignInPage>();
        services.AddScoped<SecondFactorPage>();
        services.AddScoped<PageSignIn>();
        services.AddScoped<PageStepUp>();
    }
}
