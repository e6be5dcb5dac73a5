using System.CommandLine;
using System.Globalization;
using System.Text;
using Alidade.Cli.Terminal;
using Alidade.Models;
using Alidade.Organisms.Base;

namespace Alidade.Cli.Commands;

/// <summary><c>alidade model info</c>: what a model is.</summary>
internal static class ModelCommand
{
    public static Command Make()
    {
        var path = new Argument<string?>("model") { Description = "A Hugging Face folder or a .gguf file; the embedded model when left out", Arity = ArgumentArity.ZeroOrOne };
        var json = new Option<bool>("--json") { Description = "Print the result as JSON" };
        var info = new Command("info", "Say what a model is: architecture, parameters per part, memory, tokenizer, chat template") { path, json };
        info.SetAction(parsed =>
        {
            using var model = CausalLM.Load(parsed.GetValue(path) ?? BaseModel.Shipped);
            Output.Print(ModelSummary.Of(model), parsed.GetValue(json), Text);
            return 0;
        });
        return new Command("model", "Look at models, fetch and change them") { info, ModelMergeCommand.Make(), ModelPullCommand.Make() };
    }

    private static string Text(ModelSummary summary)
    {
        var text = new StringBuilder();
        void Line(string name, object value) => text.AppendLine(CultureInfo.InvariantCulture, $"{name,-16}{value}");
        Line("model", summary.Name);
        Line("architecture", summary.Architecture);
        Line("parameters", summary.Parameters.ToString("n0", CultureInfo.InvariantCulture));
        foreach (var (part, count) in summary.Parts)
            Line("  " + part, count.ToString("n0", CultureInfo.InvariantCulture));
        Line("memory", string.Create(CultureInfo.InvariantCulture, $"{summary.MemoryBytes / 1048576.0:n1} MiB as {summary.NumberType}"));
        Line("context", string.Create(CultureInfo.InvariantCulture, $"{summary.ContextLength:n0} tokens"));
        Line("vocabulary", string.Create(CultureInfo.InvariantCulture, $"{summary.VocabularySize:n0} tokens{(summary.HasTokenizer ? "" : ", no tokenizer beside the weights")}"));
        Line("ends with", string.Join(' ', summary.EndTokens));
        Line("chat template", summary.HasChatTemplate ? "yes" : "none");
        return text.ToString();
    }
}
