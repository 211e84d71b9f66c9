using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace ServiceDefaults.Hosting;

/// <summary>Binds one section and collects all of its faults: unreadable values as well as broken rules.</summary>
internal sealed class SectionBinding<T>(IConfigurationSection section) : IConfigureNamedOptions<T>, IValidateOptions<T>
    where T : class
{
    private readonly List<string> _unreadable = [];
    private readonly Lock _gate = new();

    public void Configure(T options) => Configure(Options.DefaultName, options);

    public void Configure(string? name, T options)
    {
        if (name != Options.DefaultName)
        {
            return;
        }

        lock (_gate)
        {
            _unreadable.Clear();
            try
            {
                section.Bind(options);
            }
            catch (InvalidOperationException)
            {
                // The binder stops at its first fault; each value is tried alone to name them all.
                NameUnreadable(section, typeof(T));
            }
        }
    }

    public ValidateOptionsResult Validate(string? name, T options)
    {
        if (name != Options.DefaultName)
        {
            return ValidateOptionsResult.Skip;
        }

        List<string> faults;
        lock (_gate)
        {
            faults = [.. _unreadable];
        }

        if (faults.Count == 0)
        {
            Check(options, section.Path, faults, depth: 0);
        }

        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private void NameUnreadable(IConfigurationSection at, Type type)
    {
        int before = _unreadable.Count;
        foreach (PropertyInfo property in type.GetProperties().Where(static one => one.CanWrite))
        {
            IConfigurationSection value = at.GetSection(property.Name);
            if (!value.Exists())
            {
                continue;
            }

            try
            {
                _ = value.Get(property.PropertyType);
            }
            catch (InvalidOperationException)
            {
                Type bare = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
                if (value.Value is null && bare.IsClass)
                {
                    NameUnreadable(value, bare);
                }
                else
                {
                    _unreadable.Add(Fault(value.Path, $"its value cannot be read as {bare.Name}"));
                }
            }
        }

        if (_unreadable.Count == before)
        {
            _unreadable.Add(Fault(at.Path, "it holds a value of the wrong type"));
        }
    }

    private static void Check(object target, string path, List<string> faults, int depth)
    {
        List<ValidationResult> results = [];
        Validator.TryValidateObject(target, new ValidationContext(target), results, validateAllProperties: true);
        foreach (ValidationResult result in results)
        {
            string key = result.MemberNames.FirstOrDefault() is { } member ? $"{path}:{member}" : path;
            faults.Add(Fault(key, result.ErrorMessage ?? "is not valid"));
        }

        if (depth == 8)
        {
            return;
        }

        foreach (PropertyInfo property in target.GetType().GetProperties())
        {
            if (property.GetIndexParameters().Length == 0 && property.GetMethod is not null && property.GetValue(target) is { } value)
            {
                CheckNested(value, $"{path}:{property.Name}", faults, depth + 1);
            }
        }
    }

    private static void CheckNested(object value, string path, List<string> faults, int depth)
    {
        if (value is IDictionary map)
        {
            foreach (DictionaryEntry entry in map)
            {
                CheckNested(entry.Value ?? "", $"{path}:{entry.Key}", faults, depth);
            }
        }
        else if (value is IEnumerable items and not string)
        {
            int index = 0;
            foreach (object? item in items)
            {
                CheckNested(item ?? "", $"{path}:{index++}", faults, depth);
            }
        }
        else if (value.GetType() is { IsClass: true } type && type.Assembly == typeof(T).Assembly)
        {
            Check(value, path, faults, depth);
        }
    }

    private static string Fault(string key, string what) =>
        $"{key}: {what.TrimEnd('.')}. Set {key.Replace(":", "__", StringComparison.Ordinal)} or {key} in the settings file.";
}
