using System.CommandLine;
using System.Globalization;
using System.Text;
using Alidade.Cli.Terminal;
using Alidade.Models;
using Alidade.Models.Encoders;
using Alidade.Organisms.Base;

namespace Alidade.Cli.Commands;

/// <summary><c>alidade model info</c>: what a model is, from the headers of its files.</summary>
internal static class ModelInfoCommand
{
    public static Command Make()
    {
        var path = new Argument<string?>("model") { Description = "A Hugging Face folder, a .gguf file, or ORG/NAME of a pulled model; the embedded model when left out", Arity = ArgumentArity.ZeroOrOne };
        var hash = new Option<bool>("--hash") { Description = "Hash the files of the weights, which reads them whole" };
        var json = new Option<bool>("--json") { Description = "Print the result as JSON" };
        var info = new Command("info", "Say what a model is: architecture, parameters per part, memory, tokenizer, head or chat template, licence") { path, hash, json };
        info.SetAction(parsed =>
        {
            Output.Print(ModelInfo.Read(parsed.GetValue(path) ?? BaseModel.Shipped, parsed.GetValue(hash)), parsed.GetValue(json), Text);
            return 0;
        });
        return info;
    }

    private static string Text(ModelInfo info)
    {
        var text = new StringBuilder();
        void Line(string name, string value) => text.AppendLine(CultureInfo.InvariantCulture, $"{name,-16}{value}");
        static string Number(long count) => count.ToString("n0", CultureInfo.InvariantCulture);
        static string Sizes(IReadOnlyDictionary<string, long> sizes) => string.Join(", ", sizes.Select(s => string.Create(CultureInfo.InvariantCulture, $"{s.Value / 1e6:n1} MB as {s.Key}")));
        Line("model", info.Path);
        Line("kind", string.Create(CultureInfo.InvariantCulture, $"{info.Kind}, {info.FileBytes / 1e6:n1} MB of weights ({string.Join(", ", info.Formats.Select(f => $"{f.Key} {Number(f.Value)}"))})"));
        Line("architecture", info.Architecture);
        Line("parameters", Number(info.Parameters));
        foreach (var (part, count) in info.Parts)
            Line("  " + part, Number(count));
        Line("memory", Sizes(info.MemoryBytes));
        if (info.CacheBytesPer1000Tokens.Count > 0)
            Line("cache", Sizes(info.CacheBytesPer1000Tokens) + " for 1,000 tokens");
        Line("context", Number(info.ContextLength) + " tokens");
        Line("vocabulary", Number(info.VocabularySize) + " tokens");
        Line("tokenizer", info.Tokenizer is { } t ? $"{t.Kind}, {Number(t.Tokens)} tokens, {Number(t.AddedTokens)} added" : "none that can be used");
        foreach (var (name, token) in info.Tokenizer?.SpecialTokens ?? new Dictionary<string, string>())
            Line("  " + name, token);
        if (info.Encoder is { } encoder)
        {
            Line("class", encoder.ClassName);
            Line("head", encoder.Heads.Count == 0 ? "none" : string.Join(", ", encoder.Heads));
            if (encoder.Problem is { } problem)
                Line("labels", $"{string.Join(", ", encoder.Labels)} ({Problem(problem)})");
            if (encoder.Sentence is { } sentence)
            {
                Line("vectors", string.Create(CultureInfo.InvariantCulture, $"{sentence.Dimensions} dimensions: {string.Join(", ", sentence.Modules)}"));
                Line("longest text", Number(sentence.MaxTokens) + " tokens" + (sentence.LowerCase ? ", lower-cased" : ""));
                foreach (var (name, prompt) in sentence.Prompts)
                    Line("prompt", $"{name} \"{prompt}\"{(name == sentence.DefaultPrompt ? " (default)" : "")}");
            }
        }
        else
        {
            Line("ends with", string.Join(' ', info.EndTokens));
            Line("chat template", !info.HasChatTemplate ? "none" : info.ChatTemplateFeatures.Count == 0 ? "yes" : "yes: " + string.Join(", ", info.ChatTemplateFeatures));
        }

        Line("licence", info.License ?? "not named in the files");
        foreach (var file in info.Hashes)
            Line("sha256", $"{file.Sha256}  {Path.GetFileName(file.Path)}");
        return text.ToString();
    }

    private static string Problem(ClassificationProblem problem) => problem switch
    {
        ClassificationProblem.SingleLabel => "one of them holds",
        ClassificationProblem.MultiLabel => "each holds or not by itself",
        _ => "each is a score as it stands",
    };
}
