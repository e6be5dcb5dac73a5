using Alidade.Models;

namespace Alidade.Cli.Commands;

/// <summary>A model with the adapters that were asked for in its weights, so that they cost nothing from here on.</summary>
internal sealed class LoadedModel : IDisposable
{
    public LoadedModel(CausalLM model, IReadOnlyList<string> adapters)
    {
        Model = model;
        try
        {
            AdapterFolders.MergeInto(model, adapters);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    public CausalLM Model { get; }

    public void Dispose() => Model.Dispose();
}
