namespace Platform.LocalEngine.Mail;

/// <summary>A mail as it came over SMTP.</summary>
/// <param name="From">The envelope's sender; empty for a bounce.</param>
/// <param name="To">The envelope's recipients, blind copies included.</param>
/// <param name="Text">The first text/plain part, decoded; empty if there is none.</param>
/// <param name="Html">The first text/html part, decoded; empty if there is none.</param>
/// <param name="Raw">The message as sent, headers and all.</param>
public sealed record CaughtMail(string Id, DateTimeOffset Time, string From, IReadOnlyList<string> To, string Subject, string Text, string Html, string Raw);
