using Alidade.Models;
using Alidade.Models.Architecture;
using Alidade.Models.Batches;
using Alidade.Tests.Training.Trainers;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Models.Native;

public sealed class ScalarsTests : IDisposable
{
    private readonly OneThread thread = new();

    public void Dispose() => thread.Dispose();

    [Theory]
    [InlineData("layered")]
    [InlineData("grouped")]
    [InlineData("capped")]
    public void Forward_passes_go_on_while_another_thread_collects(string name)
    {
        var config = name switch
        {
            "layered" => TinyDecoders.Layered,
            "grouped" => TinyDecoders.Grouped,
            _ => TinyDecoders.Grouped with { LogitCap = 30, ScoreCap = 20, EmbeddingScale = 2 },
        };
        using var model = CausalLM.Create(config with { Layers = 4 }, tokenizer: null, chatTemplate: null, seed: 2);
        using var noGrad = no_grad();
        var batch = BranchedBatch.Of([([3, 1, 4, 1, 5], [[9, 2, 6], [5, 3]])]);
        float[] LogProbs()
        {
            using var scope = NewDisposeScope();
            return model.LogProbs(batch).data<float>().ToArray();
        }

        var expected = LogProbs();
        var done = false;
        var collector = new Thread(() =>
        {
            while (!Volatile.Read(ref done))
            {
                GC.Collect(0);
                GC.WaitForPendingFinalizers();
            }
        });
        collector.Start();
        try
        {
            // Thousands of numbers a second; some hundreds were enough for a failure when each was an object of its own.
            for (var i = 0; i < 1000; i++)
                Assert.Equal(expected, LogProbs());
        }
        finally
        {
            Volatile.Write(ref done, true);
            collector.Join();
        }
    }
}
