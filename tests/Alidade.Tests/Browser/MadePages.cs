using Alidade.Core.Files;
using Alidade.Tests.Cli;
using Alidade.Tests.Core;
using Alidade.Tests.Core.Reports;

namespace Alidade.Tests.Browser;

/// <summary>The page of each command that writes one, made by that command, and a made-up one with everything that a page can hold. Each is made when a test asks for it.</summary>
public sealed class MadePages(ExampleRuns examples) : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly Dictionary<string, string> pages = [];

    /// <summary>Path of a page.</summary>
    /// <param name="which">"align", "check", "train" or "made up".</param>
    internal string Of(string which) => pages.TryGetValue(which, out var page) ? page : pages[which] = which switch
    {
        "align" => PageOf(examples.Of("quickstart.yaml")),
        "check" => Checked(),
        "train" => Trained(),
        _ => MadeUp(),
    };

    /// <inheritdoc/>
    public void Dispose() => folder.Dispose();

    private static string PageOf(string run) => Path.Combine(run, "report.html");

    // A gate with one rule that is met and one that cannot be, over a task and a choice of items.
    private string Checked()
    {
        folder.Write("animals.jsonl", string.Concat(Enumerable.Range(0, 30).Select(i => $"{{\"animal\": \"cat {i}\", \"place\": \"mat\", \"other\": \"log\"}}\n")));
        folder.Write("animals.yaml", "data: animals.jsonl\nprompt: \"the {{animal}} sat on the\"\nchoices: [\"{{place}}\", \"{{other}}\"]\nanswer: \"0\"\nmetrics: [acc, brier_score]\n");
        var gate = folder.Write("gate.yaml", "tasks: [animals.yaml]\nrules:\n  - own.animals.acc>=0\n  - { rule: own.animals.acc>1, reason: \"nobody reaches this\" }\n");
        var result = CommandLine.Run("check", Model(), "--gate", gate, "--out", folder.File("check"));
        Assert.True(result.Code == 3, result.Error);
        return PageOf(folder.File("check"));
    }

    private string Trained()
    {
        var rows = folder.Write("rows.jsonl", TrainRows.Of("dpo", 30));
        var result = CommandLine.Run("train", "dpo", "--model", Model(), "--data", rows, "--out", folder.File("train"), "--set", "batch_rows=4", "epochs=2", "rank=4", "samples.count=4", "samples.max_new_tokens=4");
        Assert.True(result.Code == 0, result.Error);
        return PageOf(folder.File("train"));
    }

    private string MadeUp()
    {
        var page = folder.File("made-up.html");
        AtomicFile.WriteAllText(page, MadeReport.Rich().ToHtml());
        return page;
    }

    private string Model()
    {
        var model = folder.File("model");
        return Directory.Exists(model) ? model : TinyModel.Write(model);
    }
}
