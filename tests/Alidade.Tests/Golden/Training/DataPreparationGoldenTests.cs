using System.Text.Json;
using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Models.Chat;
using Alidade.Models.Tokenizers;
using Alidade.Training.Data;

namespace Alidade.Tests.Golden.Training;

/// <summary>Rows and options to ids and marks, as the reference's trainers prepare them; and packing.</summary>
[Golden("trainers/dataprep")]
[Golden("trainers/data")]
[Golden("trainers/base")]
public sealed partial class DataPreparationGoldenTests
{
    private const string Kind = "trainers/dataprep";

    public static IEnumerable<TheoryDataRow<string>> Cases() => GoldenFolder.Rows(() => GoldenFolder.Files(Kind, "rows*.jsonl")
        .SelectMany(f => Lines(f).Select(c => $"{f[..^".jsonl".Length]}/{c.GetProperty("name").GetString()}")));

    public static IEnumerable<TheoryDataRow<string>> Packings() => GoldenFolder.Rows(() => GoldenFolder.Files(Kind, "packing.jsonl")
        .SelectMany(f => Lines(f).Select((_, i) => FormattableString.Invariant($"{f[..^".jsonl".Length]}/{i}"))));

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Cases))]
    [Trait("Kind", "Golden")]
    public void Ids_and_marks_equal_the_reference(string path) => GoldenCase.Run(Kind, path, golden =>
    {
        var slash = path.LastIndexOf('/');
        var source = Lines(path[..slash] + ".jsonl").Single(c => c.GetProperty("name").GetString() == path[(slash + 1)..]);
        var options = source.GetProperty("options");
        var folder = GoldenFolder.PathOf("trainers/base/" + (source.GetProperty("tokenizer").GetString() == "bos" ? "tokenizer_bos" : "llama"));
        var tokenizer = Tokenizer.FromFolder(folder);
        var template = ChatTemplate.Parse(File.ReadAllText(Path.Combine(folder, "chat_template.jinja")), folder);
        switch (source.GetProperty("kind").GetString())
        {
            case "sft":
                Demonstrations(golden, source, new(tokenizer, template, new()
                {
                    MaxLength = Limit(options),
                    CompletionOnly = !IsFalse(options, "completion_only_loss"),
                    AssistantOnly = options.TryGetProperty("assistant_only_loss", out var only) && only.GetBoolean(),
                    EndToken = Text(options, "eos_token"),
                    Truncation = TruncationOf(options),
                }));
                break;
            case "dpo":
                Pairs(golden, source, new(tokenizer, template, new() { MaxLength = Limit(options), Truncation = TruncationOf(options) }), Limit(options));
                break;
            case "orpo" or "cpo":
                PairsOfOneSequence(golden, source, new(tokenizer, template, new() { MaxLength = Limit(options) }));
                break;
            case "kto":
                Unpaired(golden, source, new(tokenizer, template, new() { MaxLength = Limit(options) }));
                break;
            case "bco":
                Unpaired(golden, source, new(tokenizer, template, new() { MaxLength = Limit(options), Truncation = RowTruncation.CutAnswer }));
                break;
            case "reward":
                Answers(golden, source, new(tokenizer, template, new() { MaxLength = Limit(options) }));
                break;
            case "prm":
                Steps(golden, source, new(tokenizer, template, new()
                {
                    Separator = Text(options, "step_separator")!,
                    MaxLength = Limit(options),
                    MaxStepsLength = options.GetProperty("max_completion_length") is { ValueKind: JsonValueKind.Number } most ? most.GetInt32() : null,
                    LastStepOnly = options.GetProperty("train_on_last_step_only").GetBoolean(),
                }));
                break;
            case var other:
                throw new NotBuiltException($"data preparation of kind '{other}'");
        }
    });

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Packings))]
    [Trait("Kind", "Golden")]
    public void Rows_are_packed_as_in_the_reference(string path) => GoldenCase.Run(Kind, path, golden =>
    {
        var slash = path.LastIndexOf('/');
        var source = Lines(path[..slash] + ".jsonl")[int.Parse(path[(slash + 1)..], System.Globalization.CultureInfo.InvariantCulture)];
        int[] lengths = [.. source.GetProperty("lengths").EnumerateArray().Select(l => l.GetInt32())];
        var length = source.GetProperty("seq_length").GetInt32();
        var strategy = source.GetProperty("strategy").GetString();
        IReadOnlyList<IReadOnlyList<PackedPiece>> Pack() => strategy switch
        {
            "bfd" => Packing.BestFit(lengths, length),
            "bfd_split" => Packing.BestFitSplit(lengths, length),
            "wrapped" => Packing.Wrapped(lengths, length),
            _ => throw new NotBuiltException($"packing strategy '{strategy}'"),
        };
        if (source.TryGetProperty("error", out _))
        {
            Assert.Throws<AlidadeException>(Pack);
            return;
        }

        var packed = Pack();
        golden.Equal("rows", JsonSerializer.Serialize(source.GetProperty("bins")), JsonSerializer.Serialize(packed.Select(Merged)));
        if (source.GetProperty("seq_lengths").ValueKind == JsonValueKind.Array)
            golden.Equal("document lengths", JsonSerializer.Serialize(source.GetProperty("seq_lengths")), JsonSerializer.Serialize(packed.Select(r => r.Select(p => p.End - p.Start))));
    });

    private static void Demonstrations(GoldenCase golden, JsonElement source, DemonstrationTokenizer tokenizer)
    {
        if (source.GetProperty("result").TryGetProperty("error", out _))
        {
            Assert.Throws<AlidadeException>(() => Prepared(source, tokenizer));
            return;
        }

        var expected = source.GetProperty("result").GetProperty("rows").EnumerateArray().ToArray();
        var rows = Prepared(source, tokenizer).Rows;
        golden.Equal("rows", expected.Length, rows.Count);
        foreach (var (want, row) in expected.Zip(rows))
        {
            golden.Equal("ids", Shown(Ints(want, "input_ids")), Shown(row.Ids));
            golden.Equal("labels", Shown(Ints(want, "labels")), Shown(row.Ids.Zip(row.Scored, (id, scored) => scored ? id : -100)));
        }
    }

    private static TokenRows<DemonstrationTokens> Prepared(JsonElement source, DemonstrationTokenizer tokenizer)
    {
        var collector = new TokenRowCollector<DemonstrationTokens>();
        foreach (var row in source.GetProperty("rows").EnumerateArray())
            tokenizer.Add(collector, () => row.TryGetProperty("prompt", out var prompt)
                ? prompt.ValueKind == JsonValueKind.String
                    ? tokenizer.Completion("", prompt.GetString()!, row.GetProperty("completion").GetString()!)
                    : tokenizer.Completion("", Messages(prompt), Messages(row.GetProperty("completion")))
                : row.TryGetProperty("text", out var text) ? tokenizer.Text("", text.GetString()!)
                : tokenizer.Conversation("", Messages(row.TryGetProperty("messages", out var messages) ? messages : row.GetProperty("conversations"))));
        return collector.Finish("demonstrations");
    }

    private static void Pairs(GoldenCase golden, JsonElement source, PreferenceTokenizer tokenizer, int? limit)
    {
        var right = source.GetProperty("right");
        PairTokens[] pairs = [.. source.GetProperty("rows").EnumerateArray().Select(row => PairOf(row, tokenizer))];
        if (right.ValueKind == JsonValueKind.Object && right.TryGetProperty("prompt_ids", out var promptIds))
        {
            // The reference is odd here; the file says what is right.
            golden.Equal("prompt ids", Shown(promptIds.EnumerateArray().Select(v => v.GetInt32())), Shown(pairs[0].Prompt));
            return;
        }

        var collector = new TokenRowCollector<PairTokens>();
        foreach (var pair in pairs)
            tokenizer.Add(collector, pair);
        var result = source.GetProperty("result");
        var expected = result.GetProperty("rows").EnumerateArray().ToArray();
        PairTokens[] kept = [.. pairs.Where(p => PreferenceTokenizer.Cut(p, limit) is not null)];
        var cut = collector.Finish("pairs").Rows;
        golden.Equal("rows", expected.Length, kept.Length);
        golden.Equal("rows after cutting", expected.Length, cut.Count);
        foreach (var (want, pair) in expected.Zip(kept))
        {
            golden.Equal("prompt", Shown(Ints(want, "prompt_ids")), Shown(pair.Prompt));
            golden.Equal("chosen", Shown(Ints(want, "chosen_ids")), Shown(pair.Chosen));
            golden.Equal("rejected", Shown(Ints(want, "rejected_ids")), Shown(pair.Rejected));
        }

        // The collated batch holds all chosen sequences and then all rejected ones, cut and padded.
        var collated = result.GetProperty("collated");
        for (var i = 0; i < cut.Count; i++)
            foreach (var (row, prompt, answer) in new[] { (i, cut[i].Prompt, cut[i].Chosen), (cut.Count + i, cut[i].RejectedPrompt ?? cut[i].Prompt, cut[i].Rejected) })
            {
                var ids = collated.GetProperty("input_ids")[row].EnumerateArray().Select(v => v.GetInt32());
                var present = collated.GetProperty("attention_mask")[row].EnumerateArray().Sum(v => v.GetInt32());
                golden.Equal("collated ids", Shown(ids.Take(present)), Shown([.. prompt, .. answer]));
                golden.Equal("collated answer", collated.GetProperty("completion_mask")[row].EnumerateArray().Sum(v => v.GetInt32()), answer.Count);
            }
    }

    private static void Answers(GoldenCase golden, JsonElement source, RewardTokenizer tokenizer)
    {
        var collector = new TokenRowCollector<RewardTokens>();
        foreach (var row in source.GetProperty("rows").EnumerateArray())
            tokenizer.Add(collector, RewardTokens.Of("", [.. new[] { "chosen", "rejected" }.Select(answer => Whole(row, row.GetProperty(answer)))]));
        var kept = collector.Finish("pairs").Rows;
        var expected = source.GetProperty("result").GetProperty("rows").EnumerateArray().ToArray();
        golden.Equal("rows", expected.Length, kept.Count);
        foreach (var (want, pair) in expected.Zip(kept))
        {
            golden.Equal("chosen", Shown(Ints(want, "chosen_ids")), Shown([.. pair.Prompt, .. pair.Answers[0]]));
            golden.Equal("rejected", Shown(Ints(want, "rejected_ids")), Shown([.. pair.Prompt, .. pair.Answers[1]]));
        }

        int[] Whole(JsonElement row, JsonElement answer) => answer.ValueKind == JsonValueKind.String
            ? tokenizer.Whole((row.TryGetProperty("prompt", out var prompt) ? prompt.GetString() : "") + answer.GetString())
            : tokenizer.Whole([.. row.TryGetProperty("prompt", out var messages) ? Messages(messages) : [], .. Messages(answer)]);
    }

    private static void Steps(GoldenCase golden, JsonElement source, StepTokenizer tokenizer)
    {
        var rows = tokenizer.Tokenize(source.GetProperty("rows").EnumerateArray().Select((row, i) => new StepwiseSolution
        {
            Id = $"{i}",
            Prompt = Prompt.OfText(row.GetProperty("prompt").GetString()!),
            Steps = [.. row.GetProperty("completions").EnumerateArray().Select(s => s.GetString()!)],
            Labels = [.. row.GetProperty("labels").EnumerateArray().Select(l => l.GetBoolean())],
        })).Rows;
        var expected = source.GetProperty("result").GetProperty("rows").EnumerateArray().ToArray();
        golden.Equal("rows", expected.Length, rows.Count);
        foreach (var (want, row) in expected.Zip(rows))
        {
            golden.Equal("ids", Shown(Ints(want, "input_ids")), Shown(row.Ids));
            var labels = row.Ids.Select(_ => -100).ToArray();
            foreach (var (place, label) in row.Places.Zip(row.Labels))
                labels[place] = label;
            golden.Equal("labels", Shown(Ints(want, "labels")), Shown(labels));
        }
    }

    private static PairTokens PairOf(JsonElement row, PreferenceTokenizer tokenizer)
    {
        JsonElement chosen = row.GetProperty("chosen"), rejected = row.GetProperty("rejected");
        if (chosen.ValueKind == JsonValueKind.String)
        {
            var (prompt, first, second) = row.TryGetProperty("prompt", out var given)
                ? (given.GetString()!, chosen.GetString()!, rejected.GetString()!)
                : PreferenceFile.SplitPrompt(chosen.GetString()!, rejected.GetString()!);
            return tokenizer.Pair("", prompt, first, second);
        }

        Message[] one = Messages(chosen), two = Messages(rejected);
        if (row.TryGetProperty("prompt", out var messages))
            return tokenizer.Pair("", Messages(messages), one, two);
        var common = one.Zip(two).TakeWhile(p => p.First == p.Second).Count();
        return tokenizer.Pair("", one[..common], one[common..], two[common..]);
    }

    private static List<int[]> Merged(IReadOnlyList<PackedPiece> row)
    {
        // Touching pieces of one row cannot be told apart in the packed ids.
        var merged = new List<int[]>();
        foreach (var piece in row)
            if (merged.Count > 0 && merged[^1][0] == piece.Row && merged[^1][2] == piece.Start)
                merged[^1][2] = piece.End;
            else
                merged.Add([piece.Row, piece.Start, piece.End]);
        return merged;
    }

    private static int? Limit(JsonElement options) => !options.TryGetProperty("max_length", out var value) ? 1024 : value.ValueKind == JsonValueKind.Null ? null : value.GetInt32();

    private static RowTruncation TruncationOf(JsonElement options) => Text(options, "truncation_mode") switch
    {
        null or "keep_start" => RowTruncation.KeepStart,
        "keep_end" => RowTruncation.KeepEnd,
        var mode => throw new NotBuiltException($"truncation mode '{mode}'"),
    };

    private static bool IsFalse(JsonElement options, string name) => options.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.False;

    private static string? Text(JsonElement options, string name) => options.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static Message[] Messages(JsonElement list) => [.. list.EnumerateArray().Select(m => m.TryGetProperty("role", out var role)
        ? new Message(role.GetString()!, m.GetProperty("content").GetString()!)
        : new Message(m.GetProperty("from").GetString()!, m.GetProperty("value").GetString()!))];

    private static IEnumerable<int> Ints(JsonElement row, string name) => row.GetProperty(name).EnumerateArray().Select(v => v.GetInt32());

    private static string Shown(IEnumerable<int> values) => string.Join(' ', values);

    private static JsonElement[] Lines(string file) => [.. File.ReadLines(GoldenFolder.PathOf(file)).Where(l => l.Length > 0).Select(l => JsonDocument.Parse(l).RootElement)];
}
