using System.Text.Json;

namespace Platform.LocalEngine.Running;

/// <summary>Generated secrets, kept beside the data they open. Readable by the owner only.</summary>
internal sealed class SecretStore(string path)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };
    private readonly Lock _gate = new();
    private SortedDictionary<string, string>? _secrets;

    public string GetOrAdd(string key, Func<string> generate)
    {
        lock (_gate)
        {
            _secrets ??= Load();
            if (!_secrets.TryGetValue(key, out var value))
            {
                _secrets[key] = value = generate();
                Save(_secrets);
            }

            return value;
        }
    }

    private SortedDictionary<string, string> Load()
    {
        if (!File.Exists(path))
        {
            return new(StringComparer.Ordinal);
        }

        try
        {
            return JsonSerializer.Deserialize<SortedDictionary<string, string>>(File.ReadAllText(path)) ?? new(StringComparer.Ordinal);
        }
        catch (JsonException e)
        {
            throw new EngineFault(
                ExitCodes.Unexpected,
                $"The secrets in {path} cannot be read ({e.Message}). Mend the file, or remove it together with its folder to begin with empty data.",
                e);
        }
    }

    // Written whole and renamed: a kill in between leaves the old file, never half a one.
    private void Save(SortedDictionary<string, string> secrets)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var next = path + ".new";
        File.Delete(next);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

        using (var file = new FileStream(next, options))
        {
            JsonSerializer.Serialize(file, secrets, Indented);
            file.Flush(flushToDisk: true);
        }

        File.Move(next, path, overwrite: true);
    }
}
