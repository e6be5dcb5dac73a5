using System.Text.RegularExpressions;
using Alidade.Models.Weights;

namespace Alidade.Models;

/// <summary>Under which licence a model is given.</summary>
internal static partial class ModelLicense
{
    /// <summary>What a folder or a GGUF file says: <c>general.license</c> of a GGUF, the front matter of README.md, else the first line of the licence file; null where they say nothing.</summary>
    public static string? Of(string path, GgufFile? gguf)
    {
        if (gguf?.Metadata.GetValueOrDefault("general.license") is string license)
            return license;
        var folder = Directory.Exists(path) ? path : Path.GetDirectoryName(Path.GetFullPath(path))!;
        var readme = Path.Combine(folder, "README.md");
        // Beside a GGUF file lie files of anything.
        if (gguf is not null || !File.Exists(readme))
            return gguf is null && FilesIn(folder).FirstOrDefault(f => !f.EndsWith("README.md", StringComparison.OrdinalIgnoreCase)) is { } file
                ? File.ReadLines(file).Select(l => l.Trim()).FirstOrDefault(l => l.Length > 0)
                : null;
        var front = string.Join('\n', File.ReadLines(readme).Skip(1).TakeWhile(l => l.Trim() != "---").Take(500));
        string? Field(string name) => Line().Matches(front).FirstOrDefault(m => m.Groups[1].Value == name)?.Groups[2].Value.Trim().Trim('"', '\'');
        return Field("license") is "other" ? Field("license_name") ?? "other" : Field("license");
    }

    /// <summary>README, licence and notice of a model folder.</summary>
    public static IEnumerable<string> FilesIn(string folder) =>
        Directory.EnumerateFiles(folder).Where(f => Name().IsMatch(Path.GetFileName(f))).Order(StringComparer.Ordinal);

    [GeneratedRegex(@"^(license|license_name):[ \t]*(\S.*)$", RegexOptions.Multiline)]
    private static partial Regex Line();

    [GeneratedRegex(@"\A(?:README\.md|(?:LICEN[CS]E|NOTICE|USE_POLICY)[^/]*)\z", RegexOptions.IgnoreCase)]
    private static partial Regex Name();
}
