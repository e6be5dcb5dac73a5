using Alidade.Models.Adapters;
using Alidade.Models.Encoders;
using Alidade.Tests.Core;
using Alidade.Tests.Models.Adapters;
using Alidade.Tests.Models.Encoders;

namespace Alidade.Tests.Models.Hub;

/// <summary>What was pulled is opened by its name on the hub, whatever it is.</summary>
public sealed class HubNameTests : IDisposable
{
    private const string Variable = "HF_HUB_CACHE";
    private readonly string? before = Environment.GetEnvironmentVariable(Variable);
    private readonly TemporaryFolder folder = new();

    public HubNameTests() => Environment.SetEnvironmentVariable(Variable, folder.Path);

    public void Dispose()
    {
        Environment.SetEnvironmentVariable(Variable, before);
        folder.Dispose();
    }

    [Fact]
    public void A_masked_token_model_has_its_mask()
    {
        TinyWords.Write(TinyEncoder.Write(Pulled("tiny-bert"), "bert", "ForMaskedLM"));
        using var model = MaskedLM.Load("org/tiny-bert");
        Assert.Equal(TinyWords.Vocabulary.ToList().IndexOf("[MASK]"), model.MaskToken);
    }

    [Fact]
    public void An_adapter_is_found()
    {
        using var model = Small.Model("llama");
        using var adapter = Small.Trained(model, new() { Rank = 1 }, 3);
        PeftFolder.Save(adapter, model, Pulled("tiny-lora"));
        using var loaded = PeftFolder.Load(model, "org/tiny-lora");
        Assert.Equal(adapter.Factors.Keys, loaded.Factors.Keys);
    }

    private string Pulled(string name) => Directory.CreateDirectory(folder.File($"models--org--{name}/snapshots/{new string('0', 40)}")).FullName;
}
