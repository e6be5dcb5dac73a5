using System.Numerics.Tensors;
using LLama;
using LLama.Common;
using LLama.Native;

namespace Alidade.Benchmarks;

/// <summary>llama.cpp through LLamaSharp: what a .NET user would take instead, on the same file with the same tokens, greedy.</summary>
internal sealed class LlamaPeer : IDisposable
{
    private const int Sequences = 16;
    private const int BatchTokens = 2048;
    private readonly LLamaWeights weights;
    private readonly LLamaContext context;

    /// <param name="path">A GGUF file.</param>
    /// <param name="threads">Threads for everything.</param>
    public LlamaPeer(string path, int threads)
    {
        NativeLogConfig.llama_log_set((_, _) => { });
        var parameters = new ModelParams(path)
        {
            ContextSize = 8192,
            SeqMax = Sequences,
            BatchSize = BatchTokens,
            UBatchSize = 512,
            GpuLayerCount = 0,
            Threads = threads,
            BatchThreads = threads,
            KVUnified = true,
        };
        weights = LLamaWeights.LoadFromFile(parameters);
        context = new(weights, parameters);
    }

    /// <summary>Seconds to read a prompt and have the logits after it.</summary>
    public double Prefill(int[] prompt)
    {
        Clear();
        return Clock.Time(() => Read([prompt]));
    }

    /// <summary>Seconds for new tokens after the prompts, whose reading is not counted.</summary>
    public double Decode(int[][] prompts, int tokens)
    {
        Clear();
        var next = Read(prompts);
        return Clock.Time(() => Write(next, [.. prompts.Select(p => p.Length)], tokens));
    }

    /// <summary>Seconds to read one prompt once and to go on from it in several sequences.</summary>
    public double Samples(int[] prompt, int samples, int tokens)
    {
        Clear();
        return Clock.Time(() =>
        {
            var first = Read([prompt])[0];
            for (var s = 1; s < samples; s++)
                context.NativeHandle.MemorySequenceCopy((LLamaSeqId)0, (LLamaSeqId)s, 0, prompt.Length);
            Write([.. Enumerable.Repeat(first, samples)], [.. Enumerable.Repeat(prompt.Length, samples)], tokens - 1);
        });
    }

    public void Dispose()
    {
        context.Dispose();
        weights.Dispose();
    }

    private void Clear() => context.NativeHandle.MemoryClear();

    // The likeliest token after each prompt.
    private int[] Read(int[][] prompts)
    {
        var batch = new LLamaBatch();
        var last = new int[prompts.Length];
        for (var s = 0; s < prompts.Length; s++)
            for (var i = 0; i < prompts[s].Length; i++)
                last[s] = batch.Add(prompts[s][i], i, (LLamaSeqId)s, i == prompts[s].Length - 1);
        Run(batch);
        return [.. last.Select(Best)];
    }

    private void Write(int[] next, int[] lengths, int tokens)
    {
        var batch = new LLamaBatch();
        for (var token = 0; token < tokens; token++)
        {
            batch.Clear();
            for (var s = 0; s < next.Length; s++)
                batch.Add(next[s], lengths[s] + token, (LLamaSeqId)s, true);
            Run(batch);
            for (var s = 0; s < next.Length; s++)
                next[s] = Best(s);
        }
    }

    private void Run(LLamaBatch batch)
    {
        if (context.Decode(batch) is not DecodeResult.Ok and var result)
            throw new InvalidOperationException($"llama.cpp answered {result}");
    }

    private int Best(int index) => TensorPrimitives.IndexOfMax<float>(context.NativeHandle.GetLogitsIth(index));
}
