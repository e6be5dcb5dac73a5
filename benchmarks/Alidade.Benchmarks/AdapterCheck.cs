using System.Globalization;
using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Models.Batches;
using Alidade.Models.Weights;
using LLama;
using LLama.Common;
using LLama.Native;
using static TorchSharp.torch;
using LoraAdapter = Alidade.Models.Adapters.LoraAdapter;

namespace Alidade.Benchmarks;

/// <summary>
/// Whether llama.cpp loads and applies an adapter that was written as a GGUF file: logits of a short text at every place, by llama.cpp and by Alidade, without the adapter and with it.
/// What they differ by without it is the arithmetic of the base; in a base of F32 that is rounding alone, while llama.cpp rounds the activations of a quantised one to bytes.
/// </summary>
internal static class AdapterCheck
{
    private const string Text = "The quick brown fox jumps over the lazy dog. What colour is the sky, and why? Name three of them.";

    /// <summary>By how much the change that the adapter makes may differ, as a part of the largest change; twice what the base differs by comes on top, once for each side of the change.</summary>
    private const double Tolerance = 0.1;

    /// <summary>Compares, and prints the largest differences.</summary>
    /// <param name="model">The base, a GGUF file.</param>
    /// <param name="adapter">The adapter as a GGUF file.</param>
    /// <param name="folder">The same adapter as a PEFT folder.</param>
    /// <returns>0, or 1 where llama.cpp does something else with the adapter.</returns>
    public static int Run(string model, string adapter, string folder)
    {
        try
        {
            // What llama.cpp cannot load it answers with a null pointer, on which it falls.
            using (var file = GgufFile.Open(adapter))
                if (file.Metadata.GetValueOrDefault("general.type") is not "adapter")
                    throw new AlidadeException($"'{adapter}' is no adapter but another GGUF file; write one with 'alidade train … --adapter-gguf FILE'");
            using var loaded = CausalLM.Load(model);
            using var peft = PeftFolder.Load(loaded, folder);
            var ids = loaded.Tokenizer.Encode(Text);
            var ours = (Base: Logits(loaded, null, ids), With: Logits(loaded, peft, ids));
            var theirs = ByLlama(model, adapter, ids);
            double change = Largest(ours.Base, ours.With), apart = Largest(Changes(ours), Changes(theirs));
            var basesApart = Largest(ours.Base, theirs.Base);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"adapter {Path.GetFileName(adapter)} on {Path.GetFileName(model)}, {ids.Length} tokens, logits up to {ours.With.Max(Math.Abs):g3}: the adapter changes them by up to {change:g3} (llama.cpp: {Largest(theirs.Base, theirs.With):g3}); largest difference of llama.cpp and Alidade {basesApart:g3} without it, {Largest(ours.With, theirs.With):g3} with it, {apart:g3} of the change"));
            if (change > 0 && apart <= (Tolerance * change) + (2 * basesApart))
                return 0;
            Console.Error.WriteLine(change > 0 ? "llama.cpp applies another adapter than Alidade" : "the adapter changes nothing, so that there is nothing to compare; train it");
            return 1;
        }
        catch (Exception exception) when (exception is AlidadeException or LLama.Exceptions.RuntimeError or InvalidOperationException)
        {
            Console.Error.WriteLine(exception.Message);
            return 1;
        }
    }

    private static float[] Logits(CausalLM model, LoraAdapter? adapter, IReadOnlyList<int> ids)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var use = model.Use(adapter);
        return model.Logits(TokenGrid.Of(ids)).data<float>().ToArray();
    }

    private static (float[] Base, float[] With) ByLlama(string path, string adapter, int[] ids)
    {
        NativeLogConfig.llama_log_set((_, _) => { });
        // Attention as it is written down: the fused one rounds, and so do keys and values as halves; that would be the largest difference.
        var parameters = new ModelParams(path) { ContextSize = 256, BatchSize = 256, GpuLayerCount = 0, TypeK = GGMLType.GGML_TYPE_F32, TypeV = GGMLType.GGML_TYPE_F32, FlashAttention = false };
        using var weights = LLamaWeights.LoadFromFile(parameters);
        using var context = new LLamaContext(weights, parameters);
        float[] Read()
        {
            context.NativeHandle.MemoryClear();
            var batch = new LLamaBatch();
            int[] places = [.. ids.Select((id, i) => batch.Add(id, i, (LLamaSeqId)0, true))];
            return context.Decode(batch) is not DecodeResult.Ok and var result
                ? throw new InvalidOperationException($"llama.cpp answered {result}")
                : [.. places.SelectMany(p => context.NativeHandle.GetLogitsIth(p).ToArray())];
        }

        var alone = Read();
        context.NativeHandle.SetLoraAdapters([(weights.NativeHandle.LoadLoraFromFile(adapter), 1f)]);
        return (alone, Read());
    }

    private static float[] Changes((float[] Base, float[] With) logits) => [.. logits.With.Zip(logits.Base, (w, b) => w - b)];

    private static double Largest(float[] first, float[] second) => first.Zip(second).Max(p => Math.Abs((double)p.First - p.Second));
}
