using IdentityService.Authorization;
using IdentityService.DeviceGrants;
using ServiceDefaults.Pages;

namespace IdentityService.SignInPages;

/// <summary>What a browser signs in for: an application's waiting request, a device's code, or itself.</summary>
internal sealed record SignInWay(string? Request, string? UserCode)
{
    public static SignInWay Of(Dictionary<string, string> form) => new(form.GetValueOrDefault("request"), form.GetValueOrDefault("user_code"));

    /// <summary>Hidden fields by which a form knows it again.</summary>
    public Html Fields => $"{Field("request", Request)}{Field("user_code", UserCode)}";

    /// <summary>The same for a page's address.</summary>
    public string Under(string path) =>
        Request is not null ? $"{path}?request={Uri.EscapeDataString(Request)}"
        : UserCode is not null ? $"{path}?user_code={Uri.EscapeDataString(UserCode)}"
        : path;

    /// <summary>Finds where it leads; null when the request that waits was answered, or took too long.</summary>
    public async Task<OpenWay?> OpenAsync(AuthorizationRequests requests, CancellationToken cancellationToken) =>
        Request is null ? new OpenWay(this, UserCode is null ? AccountPage.Path : Under(DevicePage.Path), null, null)
        : await requests.OpenAsync(Request, cancellationToken) is var (request, _, parameters)
            ? new OpenWay(this, AuthorizationRequests.AddressOf(request, Request), parameters.RedirectUri, parameters.LoginHint)
            : null;

    /// <summary>What is shown without one.</summary>
    public static IResult Gone() => AuthorizationAnswer.Page("invalid_request_uri", "It took too long. Start again from the application.");

    private static Html Field(string name, string? value) =>
        value is null ? Html.Nothing : $"""<input type="hidden" name="{name}" value="{value}">""";
}

/// <summary>A way that is open.</summary>
/// <param name="Way">The way.</param>
/// <param name="Next">Where the browser goes once it is signed in.</param>
/// <param name="RedirectUri">Where that may lead in the end, beside this service.</param>
/// <param name="LoginHint">Who the application thinks it is.</param>
internal sealed record OpenWay(SignInWay Way, string Next, string? RedirectUri, string? LoginHint);
