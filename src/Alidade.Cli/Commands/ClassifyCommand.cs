using System.CommandLine;
using System.Globalization;
using System.Text;
using Alidade.Cli.Terminal;
using Alidade.Models.Encoders;

namespace Alidade.Cli.Commands;

/// <summary><c>alidade classify</c>: what a classifier says about texts.</summary>
internal static class ClassifyCommand
{
    public static Command Make()
    {
        var options = new EncoderOptions();
        var pair = new Option<string?>("--pair") { Description = "A second text that is read beside each: the hypothesis of a premise, the answer to a question" };
        var command = new Command("classify", "Say what a classifier (toxicity, entailment, reward) says about texts: labels with probabilities") { pair };
        options.AddTo(command);
        command.SetAction(parsed =>
        {
            using var classifier = options.Load(parsed, SequenceClassifier.Load);
            var (texts, rows) = (parsed.GetValue(options.Texts)!, options.Rows(parsed));
            var result = parsed.GetValue(pair) is { } second ? classifier.Classify(texts.Select(t => (t, second)), rows) : classifier.Classify(texts, rows);
            Output.Print(result, parsed.GetValue(options.Json), r => Text(r, texts));
            return 0;
        });
        return command;
    }

    private static string Text(Classifications result, string[] texts)
    {
        var text = new StringBuilder();
        var width = result.Labels.Max(l => l.Length);
        for (var i = 0; i < texts.Length; i++)
        {
            var item = result.Items[i];
            text.AppendLine(CultureInfo.InvariantCulture, $"{Core.Reports.VisibleText.Line(texts[i])}{(item.CutTokens > 0 ? $"  ({item.CutTokens} tokens cut)" : "")}");
            foreach (var label in Enumerable.Range(0, result.Labels.Count).OrderByDescending(l => item.Logits[l]))
                text.AppendLine(item.Probabilities is { } p
                    ? string.Create(CultureInfo.InvariantCulture, $"  {result.Labels[label].PadRight(width)}  {p[label],7:p2}  logit {item.Logits[label],8:f3}")
                    : string.Create(CultureInfo.InvariantCulture, $"  {result.Labels[label].PadRight(width)}  {item.Logits[label],8:f4}"));
        }

        return text.ToString();
    }
}
