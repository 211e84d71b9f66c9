using System.Collections.Concurrent;

namespace NotificationService.Templates;

/// <summary>Subject and bodies of a mail.</summary>
internal sealed record MailText(string Subject, string Text, string Html);

/// <summary>Title and body of an inbox entry.</summary>
internal sealed record InboxText(string Title, string Body);

/// <summary>
/// The templates that come with the service, one file for each form: <c>{kind}.txt</c> and <c>{kind}.inbox.txt</c> begin
/// with the subject or title in a line of its own, <c>{kind}.html</c> is a whole page.
/// </summary>
internal sealed class TemplateCatalogue
{
    private readonly ConcurrentDictionary<string, string> _files = new(StringComparer.Ordinal);

    /// <exception cref="TemplateException">There is none of that kind.</exception>
    public MailTemplate Mail(string kind)
    {
        var (subject, text) = Split(Read($"{kind}.txt"));
        return new MailTemplate(new(subject, html: false), new(text, html: false), new(Read($"{kind}.html"), html: true));
    }

    /// <exception cref="TemplateException">There is none of that kind.</exception>
    public InboxTemplate Inbox(string kind)
    {
        var (title, body) = Split(Read($"{kind}.inbox.txt"));
        return new InboxTemplate(new(title, html: false), new(body, html: false));
    }

    private static (string First, string Others) Split(string file)
    {
        var end = file.IndexOf('\n', StringComparison.Ordinal);
        return end < 0
            ? throw new TemplateException("A template needs a first line and a body.")
            : (file[..end].Trim(), file[(end + 1)..].Trim());
    }

    private string Read(string name) => _files.GetOrAdd(name, static file =>
    {
        using var stream = typeof(TemplateCatalogue).Assembly.GetManifestResourceStream($"Templates/{file}")
            ?? throw new TemplateException($"There is no template '{file}'.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    });
}

/// <summary>The three texts of a mail.</summary>
internal sealed record MailTemplate(TemplateText Subject, TemplateText Text, TemplateText Html)
{
    public MailText Render(IReadOnlyDictionary<string, string> values) =>
        new(Subject.Render(values), Text.Render(values), Html.Render(values));
}

/// <summary>The two texts of an inbox entry.</summary>
internal sealed record InboxTemplate(TemplateText Title, TemplateText Body)
{
    public InboxText Render(IReadOnlyDictionary<string, string> values) => new(Title.Render(values), Body.Render(values));
}
