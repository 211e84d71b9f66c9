namespace ServiceDefaults.Problems;

/// <summary>The <c>code</c> of a problem that any service may answer with. Codes are stable; clients branch on them.</summary>
public static class ProblemCodes
{
    public const string MalformedRequest = "malformed_request";
    public const string ValidationFailed = "validation_failed";
    public const string Unauthenticated = "unauthenticated";
    public const string Forbidden = "forbidden";
    public const string NotFound = "not_found";
    public const string MethodNotAllowed = "method_not_allowed";
    public const string NotAcceptable = "not_acceptable";
    public const string RequestTimeout = "request_timeout";
    public const string Conflict = "conflict";
    public const string PreconditionFailed = "precondition_failed";
    public const string BodyTooLarge = "body_too_large";
    public const string UnsupportedMediaType = "unsupported_media_type";
    public const string PreconditionRequired = "precondition_required";
    public const string RateLimited = "rate_limited";
    public const string HeadersTooLarge = "headers_too_large";
    public const string InternalError = "internal_error";
    public const string BadGateway = "bad_gateway";
    public const string DependencyUnavailable = "dependency_unavailable";
    public const string DependencyTimeout = "dependency_timeout";

    /// <summary>The code of a status that nothing more precise is known about.</summary>
    internal static string For(int status) => status switch
    {
        400 => MalformedRequest,
        401 => Unauthenticated,
        403 => Forbidden,
        404 => NotFound,
        405 => MethodNotAllowed,
        406 => NotAcceptable,
        408 => RequestTimeout,
        409 => Conflict,
        412 => PreconditionFailed,
        413 => BodyTooLarge,
        415 => UnsupportedMediaType,
        428 => PreconditionRequired,
        429 => RateLimited,
        431 => HeadersTooLarge,
        500 => InternalError,
        502 => BadGateway,
        503 => DependencyUnavailable,
        504 => DependencyTimeout,
        >= 500 => InternalError,
        _ => "request_refused",
    };
}
