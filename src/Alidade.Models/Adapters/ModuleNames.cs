using System.Globalization;
using System.Text.RegularExpressions;
using Alidade.Core;

namespace Alidade.Models.Adapters;

/// <summary>How PEFT finds modules by name.</summary>
internal static class ModuleNames
{
    // Patterns come with files from strangers; one that backtracks without end is given up.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(200);

    /// <summary>"a.b.q_proj" ends in "q_proj" and "b.q_proj", not in "proj".</summary>
    public static bool EndsIn(string module, string name) => module == name || module.EndsWith("." + name, StringComparison.Ordinal);

    /// <summary>A regular expression fits the whole name.</summary>
    public static bool IsWhole(string pattern, string module) => Match($@"\A(?:{pattern})\z", module, pattern).Success;

    /// <summary>The module, or one that holds it, has a name with this end. PEFT asks for no dot before it.</summary>
    public static bool IsWithin(string module, string end)
    {
        for (var dot = module.IndexOf('.', StringComparison.Ordinal); dot >= 0; dot = module.IndexOf('.', dot + 1))
            if (module.AsSpan(0, dot).EndsWith(end, StringComparison.Ordinal))
                return true;
        return module.EndsWith(end, StringComparison.Ordinal);
    }

    /// <summary>The module lies in one of some blocks; always when no block is named.</summary>
    /// <param name="module">Name of the module.</param>
    /// <param name="layers">Numbers of blocks.</param>
    /// <param name="lists">Names of the list of blocks; empty for any name before a number.</param>
    public static bool IsInLayers(string module, IReadOnlyList<int> layers, IReadOnlyList<string> lists)
    {
        if (layers.Count == 0)
            return true;
        var match = (lists.Count == 0 ? [@"[^.]*"] : lists).Select(l => Match($@"\A.*\.{l}\.(?<layer>[0-9]+)\.", module, l)).FirstOrDefault(m => m.Success);
        return match is not null && int.TryParse(match.Groups["layer"].Value, CultureInfo.InvariantCulture, out var layer) && layers.Contains(layer);
    }

    /// <summary>The value under the first key that fits the end of the name.</summary>
    public static T Find<T>(IReadOnlyDictionary<string, T> patterns, string module, T otherwise)
    {
        foreach (var (key, value) in patterns)
            if (Match($@"\A(.*\.)?({key})\z", module, key).Success)
                return value;
        return otherwise;
    }

    private static Match Match(string expression, string module, string pattern)
    {
        try
        {
            return Regex.Match(module, expression, RegexOptions.CultureInvariant, Patience);
        }
        catch (Exception exception) when (exception is ArgumentException or RegexMatchTimeoutException)
        {
            throw new AlidadeException($"'{pattern}' cannot be used to find modules: {(exception is ArgumentException ? "it is not a regular expression" : "it takes too long")}", exception);
        }
    }
}
