using System.Globalization;
using Alidade.Cli.Align;
using Alidade.Core;
using Alidade.Organisms.World;
using Alidade.Tests.Core;

namespace Alidade.Tests.Cli;

/// <summary>The main job on the embedded model, stopped again and again, ends where the undisturbed run ends.</summary>
public sealed class AlignResumeTests
{
    private const string Recipe = """
        data: { preferences: preferences.jsonl, demonstrations: demonstrations.jsonl, max_length: 200, max_pairs: 60 }
        stages:
          - { method: sft, learning_rate: 1e-3, batch_rows: 8, max_rows: 32, checkpoint_every: 2 }
          - { method: dpo, learning_rate: 1e-4, batch_rows: 8, max_rows: 48, held_out_rows: 8, checkpoint_every: 2 }
        measures:
          preference_limit: 30
          truthful_qa: { file: truthfulqa.csv, limit: 30 }
          refusals: { file: refusals.csv, limit: 24 }
          max_new_tokens: 12
        attacks: { limit: 24, membership_limit: 30 }
        open: { pairs: 1, layers: 2, positions: 4 }
        """;

    [Fact]
    public void A_run_that_is_stopped_and_resumed_reports_the_same_numbers_and_weights()
    {
        using var folder = new TemporaryFolder();
        WorldFiles.Write(World.Build(1, WorldSize.Alignment), folder.Path);
        var recipe = folder.Write("recipe.yaml", Recipe);
        var whole = AlignRun.Do(new() { Recipe = recipe, Output = folder.File("whole") }, new Progress<Progress>(_ => { }), CancellationToken.None);

        var broken = folder.File("broken");
        var report = whole.Report;
        // Stopped ever later, so that each stage is hit somewhere and the longest still ends.
        for (var stops = 0; ; stops++)
        {
            Assert.True(stops < 30, "the run makes no headway between stops");
            using var source = new CancellationTokenSource();
            var request = stops == 0 ? new AlignRequest { Recipe = recipe, Output = broken } : new AlignRequest { Resume = broken };
            try
            {
                report = AlignRun.Do(request, new StopAfter(8 + (5 * stops), source), source.Token).Report;
                Assert.True(stops > 2, $"the run was stopped {stops} times only");
                break;
            }
            catch (OperationCanceledException)
            {
            }
        }

        Assert.Equal(Numbers(whole.Report), Numbers(report));
        var adapter = Path.Combine("adapter-2-dpo", "adapter_model.safetensors");
        Assert.Equal(File.ReadAllBytes(Path.Combine(folder.File("whole"), adapter)), File.ReadAllBytes(Path.Combine(broken, adapter)));
    }

    private static string Numbers(Alidade.Core.Reports.AlignmentReport report) => string.Join('\n',
        report.Comparisons.Concat(report.Attacks.Select(a => a.Rate)).Select(c => string.Create(CultureInfo.InvariantCulture, $"{c.Name} {c.Before.Value:r} {c.After.Value:r} {c.Difference:r} {c.Interval?.Low:r} {c.Interval?.High:r} {c.Verdict}"))
            .Concat(report.Maps.SelectMany(m => m.Values).Select(row => string.Join(' ', row.Select(v => v.ToString("r", CultureInfo.InvariantCulture))))));

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
