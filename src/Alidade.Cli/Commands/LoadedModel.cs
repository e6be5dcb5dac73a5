using Alidade.Models;
using Alidade.Models.Adapters;

namespace Alidade.Cli.Commands;

/// <summary>A model with the adapter in use, where one was asked for.</summary>
internal sealed class LoadedModel : IDisposable
{
    private readonly LoraAdapter? adapter;

    public LoadedModel(CausalLM model, string? adapterFolder)
    {
        Model = model;
        if (adapterFolder is null)
            return;
        adapter = PeftFolder.Load(model, adapterFolder);
        // For as long as the model is loaded.
        _ = model.Use(adapter);
    }

    public CausalLM Model { get; }

    public void Dispose()
    {
        adapter?.Dispose();
        Model.Dispose();
    }
}
