using Alidade.Core.Statistics;
using Alidade.Models;
using Alidade.Models.Batches;
using TorchSharp;

namespace Alidade.Benchmarks;

/// <summary>Forward and backward of language modelling: four texts of 512 tokens, every weight trained.</summary>
internal sealed class TrainBenchmark : IBenchmark
{
    private const int Texts = 4;
    private const int Length = 512;
    private readonly CausalLM model = Shape.Model();

    public TrainBenchmark()
    {
        var random = new SeededRandom(2);
        var batch = BranchedBatch.OfTexts(Enumerable.Range(0, Texts).Select(_ => (IReadOnlyList<int>)Shape.Ids(random, Length)));
        foreach (var parameter in model.Parameters.Values)
            parameter.requires_grad_(true);
        var flops = Shape.Full(Texts * Length, Texts * Shape.Pairs(Length), batch.ScoredCount);
        Works = [Work.Of("train, 4 x 512, full", flops, Texts * Length, () => Step(batch)) with { Mark = 0.70 }];
    }

    public string Name => "train";

    public IReadOnlyList<Work> Works { get; }

    public void Dispose() => model.Dispose();

    // Gradients stay where they are from step to step, as in a window of accumulation.
    private void Step(BranchedBatch batch)
    {
        using var scope = torch.NewDisposeScope();
        var loss = -model.LogProbs(batch).mean();
        loss.backward();
    }
}
