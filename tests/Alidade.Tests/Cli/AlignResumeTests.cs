using Alidade.Cli.Align;
using Alidade.Core;
using Alidade.Organisms.World;
using Alidade.Tests.Core;

namespace Alidade.Tests.Cli;

/// <summary>The main job on the embedded model, stopped again and again, ends where the undisturbed run ends.</summary>
public sealed class AlignResumeTests
{
    private const string Recipe = """
        data: { preferences: preferences.jsonl, demonstrations: demonstrations.jsonl, max_length: 200 }
        stages:
          - objective: sft
            data: { max_rows: 32, held_out_rows: 8 }
            training: { batch_rows: 8, checkpoint_every: 2, schedule: { learning_rate: 1e-3 } }
          - objective: { name: dpo, beta: 0.2 }
            reference: base
            data: { max_rows: 48, held_out_rows: 8 }
            training: { batch_rows: 8, checkpoint_every: 2 }
          - name: judge
            objective: reward
            data: { max_rows: 32, held_out_rows: 8 }
            training: { batch_rows: 8, checkpoint_every: 2 }
          - objective: ppo
            reward: { stage: judge }
            data: { max_rows: 8, held_out: 0 }
            rollouts: { prompts: 2, samples: 2, max_new_tokens: 8 }
            training: { batch_rows: 4, checkpoint_every: 1 }
        measures:
          preference_limit: 30
          truthful_qa: { file: truthfulqa.csv, limit: 30 }
          refusals: { file: refusals.csv, limit: 24 }
          max_new_tokens: 12
          distance: 6
          samples: 4
        attacks: { limit: 24, membership_limit: 30 }
        open: { pairs: 1, layers: 2, positions: 4 }
        """;

    [Fact]
    public void A_run_that_is_stopped_and_resumed_reports_the_same_numbers_and_weights()
    {
        using var folder = new TemporaryFolder();
        WorldFiles.Write(World.Build(1, WorldSize.Alignment), folder.Path);
        var recipe = folder.Write("recipe.yaml", Recipe);
        var whole = AlignRun.Do(new() { Recipe = recipe, Output = folder.File("whole") }, new Progress<Progress>(_ => { }), _ => { }, CancellationToken.None);

        var broken = folder.File("broken");
        var report = whole.Report;
        // Stopped ever later, so that each stage is hit somewhere and the longest still ends.
        for (var stops = 0; ; stops++)
        {
            Assert.True(stops < 60, "the run makes no headway between stops");
            using var source = new CancellationTokenSource();
            var request = stops == 0 ? new AlignRequest { Recipe = recipe, Output = broken } : new AlignRequest { Resume = broken };
            try
            {
                report = AlignRun.Do(request, new StopAfter(8 + (5 * stops), source), _ => { }, source.Token).Report;
                Assert.True(stops > 2, $"the run was stopped {stops} times only");
                break;
            }
            catch (OperationCanceledException)
            {
            }
        }

        Assert.Equal(ReportNumbers.Of(whole.Report), ReportNumbers.Of(report));
        foreach (var adapter in (string[])["adapter-1-sft", "adapter-2-dpo", "adapter-3-judge", "adapter-4-ppo", "adapter"])
        {
            var weights = Path.Combine(adapter, "adapter_model.safetensors");
            Assert.Equal(File.ReadAllBytes(Path.Combine(folder.File("whole"), weights)), File.ReadAllBytes(Path.Combine(broken, weights)));
        }
    }

    private sealed class StopAfter(int reports, CancellationTokenSource source) : IProgress<Progress>
    {
        private int seen;

        public void Report(Progress value)
        {
            if (++seen == reports)
                source.Cancel();
        }
    }
}
