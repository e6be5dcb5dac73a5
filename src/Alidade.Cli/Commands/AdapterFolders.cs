using System.Globalization;
using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Adapters;

namespace Alidade.Cli.Commands;

/// <summary>Adapters as a command line names them: FOLDER, or FOLDER=WEIGHT; several are summed.</summary>
internal static class AdapterFolders
{
    public const string Description = "A PEFT folder to use on the model, or FOLDER=WEIGHT to weigh its change; several are summed";

    /// <summary>Puts the weighted sum of adapters into the model's weights.</summary>
    /// <param name="model">The model.</param>
    /// <param name="folders">None leaves the model as it is.</param>
    public static void MergeInto(CausalLM model, IReadOnlyList<string> folders)
    {
        var parts = new List<(LoraAdapter Adapter, double Weight)>();
        try
        {
            foreach (var (folder, weight) in folders.Select(Parse))
                parts.Add((PeftFolder.Load(model, folder), weight));
            if (parts is [(var only, 1)])
                model.Merge(only);
            else if (parts.Count > 0)
                using (var sum = AdapterSum.Of(model, string.Join(" + ", folders), parts))
                    model.Merge(sum);
        }
        finally
        {
            foreach (var (adapter, _) in parts)
                adapter.Dispose();
        }
    }

    /// <summary>The folder that an adapter's text names.</summary>
    public static string FolderOf(string text) => Parse(text).Folder;

    private static (string Folder, double Weight) Parse(string text)
    {
        // A folder may have an equals sign in its name.
        if (Directory.Exists(text) || text.LastIndexOf('=') is not (>= 0 and var at))
            return (text, 1);
        return double.TryParse(text[(at + 1)..], NumberStyles.Float, CultureInfo.InvariantCulture, out var weight) && double.IsFinite(weight) ? (text[..at], weight)
            : throw new AlidadeException($"'{text}' does not name an adapter: give FOLDER or FOLDER=WEIGHT with a number");
    }
}
