using Alidade.Core.Statistics;
using Alidade.Models;
using Alidade.Models.Generation;

namespace Alidade.Benchmarks;

/// <summary>
/// The works of <see cref="GenerationBenchmark"/> on a GGUF file with its weights as stored, and beside each the same by llama.cpp with one thread and with as
/// many as asked for.
/// </summary>
internal sealed class QuantizedBenchmark : IBenchmark
{
    private const int Prompt = 512;
    private const int ShortPrompt = 32;
    private const int New = 64;
    private readonly CausalLM model;
    private readonly List<LlamaPeer> peers = [];

    /// <param name="path">A file of SmolLM2-135M's shape, whose operations are counted.</param>
    /// <param name="threads">Threads.</param>
    public QuantizedBenchmark(string path, int threads)
    {
        model = CausalLM.Load(path, LoadOptions.ForInference("cpu"));
        Shape.Check(model.Config);
        var random = new SeededRandom(5);
        var prompt = Shape.Ids(random, Prompt);
        int[][] many = [.. Enumerable.Range(0, 16).Select(_ => Shape.Ids(random, ShortPrompt))];
        var works = new List<Work>();
        void Add(string name, double flops, int tokens, Func<double> own, Func<LlamaPeer, double> peer)
        {
            works.Add(new(name, flops, tokens, own));
            works.AddRange(peers.Select((p, i) => new Work($"  llama.cpp, {(i == 0 ? 1 : threads)} threads", flops, tokens, () => peer(p))));
        }

        peers.Add(new(path, 1));
        if (threads > 1)
            peers.Add(new(path, threads));
        Add("prefill, 512", Shape.Forward(Prompt, Shape.Pairs(Prompt), 1), Prompt, () => Clock.Time(() => Generate([prompt], 1, 0)), p => p.Prefill(prompt));
        Add("decode, batch 1", DecodeFlops(1, ShortPrompt), New, () => Decode([many[0]]), p => p.Decode([many[0]], New));
        Add("decode, batch 16", DecodeFlops(16, ShortPrompt), 16 * New, () => Decode(many), p => p.Decode(many, New));
        Add("8 samples of 64 after 512", Shape.Forward(Prompt, Shape.Pairs(Prompt), 1) + DecodeFlops(8, Prompt), 8 * New,
            () => Clock.Time(() => Generate([.. Enumerable.Repeat(prompt, 8)], New, 1)), p => p.Samples(prompt, 8, New));
        Works = works;
    }

    public string Name => "quantized";

    public IReadOnlyList<Work> Works { get; }

    public void Dispose()
    {
        foreach (var peer in peers)
            peer.Dispose();
        model.Dispose();
    }

    private static double DecodeFlops(int rows, int before) => rows * Shape.Forward(New, Shape.Pairs(New, before), New);

    private double Decode(int[][] prompts)
    {
        var prefill = Clock.Time(() => Generate(prompts, 1, 0));
        return Clock.Time(() => Generate(prompts, 1 + New, 0)) - prefill;
    }

    private void Generate(int[][] prompts, int tokens, double temperature) =>
        TextGenerator.Generate(model, prompts, new() { MaxNewTokens = tokens, Temperature = temperature, IgnoreEndTokens = true });
}
