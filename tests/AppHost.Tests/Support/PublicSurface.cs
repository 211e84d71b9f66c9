using System.Globalization;
using System.Reflection;

namespace AppHost.Tests.Support;

/// <summary>The public members of the mirrored namespaces, a line each, written as a caller would see them.</summary>
internal static class PublicSurface
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    public static IEnumerable<string> Of(Assembly assembly) =>
        assembly.GetExportedTypes()
            .Where(t => t.Namespace?.StartsWith("Aspire.Hosting", StringComparison.Ordinal) == true)
            .OrderBy(t => t.FullName, StringComparer.Ordinal)
            .SelectMany(Lines);

    private static IEnumerable<string> Lines(Type type)
    {
        var name = Name(type);
        yield return $"{Kind(type)} {type.Namespace}.{name}";
        var members = type.IsEnum
            ? Enum.GetNames(type).Select(n => $"{n} = {Convert.ToInt32(Enum.Parse(type, n), CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture)}")
            : type.GetConstructors(Declared).Select(c => $"({Parameters(c)})")
                .Concat(type.GetProperties(Declared).Select(p => $"{Name(p.PropertyType)} {p.Name}"))
                .Concat(type.GetMethods(Declared).Where(m => !m.IsSpecialName).Select(Method));
        foreach (var member in members.Order(StringComparer.Ordinal))
        {
            yield return $"  {name}: {member}";
        }
    }

    private static string Kind(Type type) => type.IsInterface ? "interface" : type.IsEnum ? "enum" : type.IsValueType ? "struct" : type is { IsAbstract: true, IsSealed: true } ? "static class" : "class";

    private static string Method(MethodInfo method)
    {
        var generic = method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(Name))}>" : "";
        var constraints = method.IsGenericMethod
            ? string.Concat(method.GetGenericArguments().Select(a => (a.Name, Types: a.GetGenericParameterConstraints())).Where(a => a.Types.Length > 0)
                .Select(a => $" where {a.Name} : {string.Join(", ", a.Types.Select(Name).Order(StringComparer.Ordinal))}"))
            : "";
        return $"{Name(method.ReturnType)} {method.Name}{generic}({Parameters(method)}){constraints}";
    }

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(p => $"{Name(p.ParameterType)} {p.Name}{Default(p)}"));

    private static string Default(ParameterInfo parameter) => !parameter.HasDefaultValue ? "" : parameter.DefaultValue switch
    {
        null => parameter.ParameterType.IsValueType && Nullable.GetUnderlyingType(parameter.ParameterType) is null ? " = default" : " = null",
        bool value => value ? " = true" : " = false",
        var value => $" = {Convert.ToString(value, CultureInfo.InvariantCulture)}",
    };

    private static string Name(Type type)
    {
        if (Nullable.GetUnderlyingType(type) is { } value)
        {
            return $"{Name(value)}?";
        }

        if (type.IsByRef)
        {
            return Name(type.GetElementType()!);
        }

        if (type.IsArray)
        {
            return $"{Name(type.GetElementType()!)}[]";
        }

        var simple = type.Name.Split('`')[0];
        return type.IsGenericType ? $"{simple}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>" : simple;
    }
}
