using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace ServiceDefaults.Logging;

/// <summary>The properties of one log call and of the scopes around it; the innermost value of a name wins.</summary>
internal sealed class LogProperties
{
    private const string Template = "{OriginalFormat}";
    private readonly List<KeyValuePair<string, object?>> _own = [];
    private readonly List<KeyValuePair<string, object?>> _scoped = [];

    /// <summary>The message template, when one of its properties is a secret and the finished message must not be used.</summary>
    public string? SecretTemplate { get; private set; }

    public void Read<TState>(TState state, IExternalScopeProvider scopes)
    {
        Read(state);
        RequestScope.Current?.CopyTo(_scoped);
        scopes.ForEachScope(static (scope, self) => self.ReadScope(scope), this);
    }

    public void Read<TState>(TState state)
    {
        _own.Clear();
        _scoped.Clear();
        SecretTemplate = null;
        string? template = null;
        bool secret = false;
        if (state is IReadOnlyList<KeyValuePair<string, object?>> properties)
        {
            for (int index = 0; index < properties.Count; index++)
            {
                KeyValuePair<string, object?> property = properties[index];
                if (property.Key == Template)
                {
                    template = property.Value as string;
                    continue;
                }

                secret |= Redaction.IsSecret(property.Key);
                Set(_own, property);
            }
        }

        SecretTemplate = secret ? template : null;
    }

    /// <summary>The message without its secrets.</summary>
    public string Render(string template)
    {
        StringBuilder message = new(template.Length + 32);
        int at = 0;
        while (at < template.Length)
        {
            int open = template.IndexOf('{', at);
            int close = open < 0 ? -1 : template.IndexOf('}', open);
            if (close < 0)
            {
                break;
            }

            message.Append(template, at, open - at);
            string name = template[(open + 1)..close].Split(',', ':')[0];
            message.Append(Redaction.IsSecret(name)
                ? Redaction.Mark
                : Redaction.Text(Convert.ToString(_own.Find(one => one.Key == name).Value, CultureInfo.InvariantCulture) ?? ""));
            at = close + 1;
        }

        return message.Append(template, at, template.Length - at).ToString();
    }

    public void WriteTo(Utf8JsonWriter json)
    {
        foreach (KeyValuePair<string, object?> property in _scoped)
        {
            if (RequestScope.IsStandard(property.Key))
            {
                LogValue.Write(json, property.Key, property.Value);
            }
        }

        WriteObject(json, "properties", _own);
        WriteObject(json, "scope", _scoped, static name => !RequestScope.IsStandard(name));
    }

    private static void WriteObject(
        Utf8JsonWriter json, string name, List<KeyValuePair<string, object?>> properties, Func<string, bool>? take = null)
    {
        bool open = false;
        foreach (KeyValuePair<string, object?> property in properties)
        {
            if (take is null || take(property.Key))
            {
                if (!open)
                {
                    json.WriteStartObject(name);
                    open = true;
                }

                LogValue.Write(json, property.Key, property.Value);
            }
        }

        if (open)
        {
            json.WriteEndObject();
        }
    }

    private static void Set(List<KeyValuePair<string, object?>> into, KeyValuePair<string, object?> property)
    {
        for (int index = 0; index < into.Count; index++)
        {
            if (into[index].Key == property.Key)
            {
                into[index] = property;
                return;
            }
        }

        into.Add(property);
    }

    private void ReadScope(object? scope)
    {
        switch (scope)
        {
            case IEnumerable<KeyValuePair<string, object?>> properties:
                foreach (KeyValuePair<string, object?> property in properties)
                {
                    if (property.Key != Template && !RequestScope.IsHosting(property.Key))
                    {
                        Set(_scoped, property);
                    }
                }

                break;
            case not null:
                Set(_scoped, new("text", scope.ToString()));
                break;
            default:
                break;
        }
    }
}
