using Alidade.Core.Statistics;
using Alidade.Models;
using Alidade.Models.Generation;

namespace Alidade.Benchmarks;

/// <summary>Generation: reading a prompt of 512 tokens, decoding one and sixteen rows, and eight samples of one long prompt.</summary>
internal sealed class GenerationBenchmark : IBenchmark
{
    private const int Prompt = 512;
    private const int ShortPrompt = 32;
    private const int New = 64;
    private readonly CausalLM model = Shape.Model();

    public GenerationBenchmark()
    {
        var random = new SeededRandom(5);
        var prompt = Shape.Ids(random, Prompt);
        int[][] many = [.. Enumerable.Range(0, 16).Select(_ => Shape.Ids(random, ShortPrompt))];
        // The first sample's prompt is read once, whoever asks for it eight times.
        var samples = Shape.Forward(Prompt, Shape.Pairs(Prompt), 1) + DecodeFlops(8, Prompt);
        Works =
        [
            Work.Of("prefill, 512", Shape.Forward(Prompt, Shape.Pairs(Prompt), 1), Prompt, () => Generate([prompt], 1, 0)),
            new("decode, batch 1", DecodeFlops(1, ShortPrompt), New, () => Decode([many[0]])),
            new("decode, batch 16", DecodeFlops(16, ShortPrompt), 16 * New, () => Decode(many)),
            Work.Of("8 samples of 64 after 512", samples, 8 * New, () => Generate([.. Enumerable.Repeat(prompt, 8)], New, 1)),
        ];
    }

    public string Name => "generate";

    public IReadOnlyList<Work> Works { get; }

    public void Dispose() => model.Dispose();

    private static double DecodeFlops(int rows, int before) => rows * Shape.Forward(New, Shape.Pairs(New, before), New);

    // Reading the prompts is taken off: it is measured beside.
    private double Decode(int[][] prompts)
    {
        var prefill = Clock.Time(() => Generate(prompts, 1, 0));
        return Clock.Time(() => Generate(prompts, 1 + New, 0)) - prefill;
    }

    private void Generate(int[][] prompts, int tokens, double temperature) =>
        TextGenerator.Generate(model, prompts, new() { MaxNewTokens = tokens, Temperature = temperature, IgnoreEndTokens = true });
}
