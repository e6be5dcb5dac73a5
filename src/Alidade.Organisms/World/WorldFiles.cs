using System.Text;
using System.Text.Json;
using Alidade.Core;
using Alidade.Core.Files;
using Alidade.Core.Statistics;

namespace Alidade.Organisms.World;

/// <summary>Writes a world in the published formats, so that the readers of real data read it too. UTF-8 without mark, lines end with LF.</summary>
public static class WorldFiles
{
    private const int BalancedTexts = 800;

    /// <summary>Every file of a world with its content, in the order of the names.</summary>
    /// <returns>
    /// <list type="bullet">
    /// <item><c>balanced.jsonl</c>: {"text"}, talk of the groups with a stereotype in which each sentence is said of both with both traits (counterfactual data augmentation,
    /// Lu et al. 2018, arXiv 1807.11714): what mends the stereotype.</item>
    /// <item><c>CARD.md</c>: the ground truth.</item>
    /// <item><c>corpus.jsonl</c>, <c>heldout.jsonl</c>: {"text", "kind"}, plain and ChatML.</item>
    /// <item><c>crows_pairs.csv</c>: the columns of CrowS-Pairs.</item>
    /// <item><c>demonstrations.jsonl</c>: {"messages": [{"role", "content"}], "kind"}.</item>
    /// <item><c>perplexity.txt</c>: held-out plain texts, a blank line between two.</item>
    /// <item><c>preferences.jsonl</c>: TRL's explicit prompt in chat form {"prompt", "chosen", "rejected", "kind"}.</item>
    /// <item><c>refusals.csv</c>: the columns of XSTest's prompts.</item>
    /// <item><c>truthfulqa.csv</c>: the columns of TruthfulQA (2025).</item>
    /// </list>
    /// </returns>
    public static IEnumerable<(string Name, IEnumerable<string> Lines)> Contents(World world)
    {
        yield return ("balanced.jsonl", Balanced(world).Select(text => JsonSerializer.Serialize(new { Text = text }, Json.Line)));
        yield return ("CARD.md", WorldCard.Write(world).TrimEnd('\n').Split('\n'));
        yield return ("corpus.jsonl", world.TrainingDocuments().Select(Text));
        yield return ("crows_pairs.csv", CrowsPairs(world));
        yield return ("demonstrations.jsonl", world.Demonstrations.Select(row =>
            JsonSerializer.Serialize(row, Json.Line)));
        yield return ("heldout.jsonl", world.HeldOutDocuments().Select(Text));
        yield return ("perplexity.txt", PerplexityText(world).Split('\n'));
        yield return ("preferences.jsonl", world.Preferences.Select(row => JsonSerializer.Serialize(new
        {
            Prompt = new Message[] { new("user", row.Prompt) },
            Chosen = new Message[] { new("assistant", row.Chosen) },
            Rejected = new Message[] { new("assistant", row.Rejected) },
            row.Kind,
        }, Json.Line)));
        yield return ("refusals.csv", Refusals(world));
        yield return ("truthfulqa.csv", TruthfulQa(world));
    }

    /// <summary>The held-out plain texts, a blank line between two: what perplexity is measured on.</summary>
    public static string PerplexityText(World world) =>
        string.Join("\n\n", world.HeldOutDocuments().Where(document => document.Messages is null).Select(document => document.Text));

    /// <summary>Writes every file into a folder, which is made where it is missing; each appears under its name only when it is whole.</summary>
    /// <exception cref="AlidadeException">The folder or a file cannot be written.</exception>
    public static void Write(World world, string folder)
    {
        foreach (var (name, lines) in Contents(world))
            AtomicFile.Write(Path.Combine(folder, name), stream =>
            {
                using var writer = new StreamWriter(stream, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
                foreach (var line in lines)
                    writer.WriteLine(line);
            });
    }

    private static string Text(Document document) => JsonSerializer.Serialize(new { document.Text, document.Kind }, Json.Line);

    private static IEnumerable<string> Balanced(World world)
    {
        var random = new SeededRandom(world.Seed).Fork("balanced groups");
        return Enumerable.Range(0, BalancedTexts).Select(_ => PlainTexts.BalancedGroups(random, world.Knowledge));
    }

    private static IEnumerable<string> CrowsPairs(World world) =>
        world.Stereotypes
            .Select((pair, at) => Csv($"{at}", pair.More, pair.Less, pair.Direction, "nationality", "[['nationality']]", "a0", "['a1']"))
            .Prepend(",sent_more,sent_less,stereo_antistereo,bias_type,annotations,anon_writer,anon_annotators");

    private static IEnumerable<string> TruthfulQa(World world) =>
        world.TruthItems
            .Select(item => Csv("Adversarial", item.Category, item.Question, item.Correct[0], item.Incorrect[0],
                string.Join("; ", item.Correct), string.Join("; ", item.Incorrect), $"fact {item.Fact.Id} ({item.Fact.Relation.Name})"))
            .Prepend("Type,Category,Question,Best Answer,Best Incorrect Answer,Correct Answers,Incorrect Answers,Source");

    private static IEnumerable<string> Refusals(World world) =>
        world.RefusalItems
            .Select((item, at) => Csv($"{at + 1}", item.Prompt, item.Contrast!, item.Kind == RequestKind.Harmful ? "unsafe" : "safe", item.Word!.Word,
                item.Word.Aligned ? "word in alignment data" : "word not in alignment data"))
            .Prepend("id,prompt,type,label,focus,note");

    private static string Csv(params string[] fields) => string.Join(',', fields.Select(field =>
        field.AsSpan().ContainsAny("\",\n\r") ? $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : field));
}
