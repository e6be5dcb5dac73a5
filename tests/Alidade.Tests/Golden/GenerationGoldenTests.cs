using System.Text.Json.Nodes;
using Alidade.Models.Generation;
using Alidade.Models.Generation.Processors;

namespace Alidade.Tests.Golden;

/// <summary>Rules, filters, stop texts and beam search against transformers' numbers.</summary>
[Golden("generation/processors.jsonl")]
[Golden("generation/processors.json")]
[Golden("generation/stop_strings.json")]
[Golden("generation/beam.json")]
[Trait("Kind", "Golden")]
public sealed class GenerationGoldenTests
{
    private const string Processors = "generation/processors.jsonl";
    private const string StopStrings = "generation/stop_strings.json";
    private const string Beams = "generation/beam.json";

    public static IEnumerable<TheoryDataRow<string>> ProcessorCases() => GoldenFolder.Rows(() => Lines().Select(c => $"{Processors}/{(string)c["name"]!}"));

    public static IEnumerable<TheoryDataRow<string>> StopCases() => GoldenFolder.Rows(() => Cases(StopStrings));

    public static IEnumerable<TheoryDataRow<string>> BeamCases() => GoldenFolder.Rows(() => Cases(Beams));

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(ProcessorCases))]
    public void Processed_scores_are_those_of_the_reference(string path) => GoldenCase.Run("generation/processors", path, golden =>
    {
        var about = Lines().Single(c => path == $"{Processors}/{(string)c["name"]!}");
        var tolerance = Document("generation/processors.json")["tolerance"]!;
        var options = about["options"]!.AsObject();
        int[] end = options["eos"] is { } eos ? [(int)eos] : [];
        var settings = Settings(options, (int)about["min_tokens_to_keep"]!, end);
        settings.Validate();
        var scores = Scores(about["logits"]!);
        var history = new TokenHistory(DecoderGoldenTests.Ints(about["history"]!), (int)about["prompt_length"]!);
        foreach (var processor in ScoreProcessors.Rules(settings, end.ToHashSet()).Concat(ScoreProcessors.Filters(settings)))
            processor.Apply(scores, history);
        int[] kept = [.. Enumerable.Range(0, scores.Length).Where(id => float.IsFinite(scores[id]))];
        golden.Equal("kept", string.Join(' ', DecoderGoldenTests.Ints(about["kept"]!)), string.Join(' ', kept));
        var logSum = Softmax.LogSumExp(scores);
        var (expected, logProbs) = (Scores(about["scores"]!), Scores(about["logprobs"]!));
        foreach (var id in kept)
        {
            golden.Close($"score of {id}", expected[id], scores[id], (double)tolerance["scores_abs"]!);
            golden.Close($"log-probability of {id}", logProbs[id], scores[id] - logSum, (double)tolerance["logprobs_abs"]!);
        }
    });

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(StopCases))]
    public void Stop_texts_end_and_cut_a_text_and_hold_back_what_may_become_one(string path) => GoldenCase.Run("generation/stop_strings", path, golden =>
    {
        var about = Case(path);
        var tokenizer = GoldenModels.Smol.Tokenizer;
        string[] texts = [.. about["stops"]!.AsArray().Select(s => (string)s!)];
        var stops = new StopTexts(texts);
        var safe = about["safe_to_stream"]!.AsArray();
        var stream = tokenizer.CreateStream(skipSpecialTokens: false);
        var text = "";
        int? after = null;
        foreach (var id in DecoderGoldenTests.Ints(about["ids"]!))
        {
            var known = text.Length;
            text += stream.Push(id);
            after = (after ?? 0) + 1;
            if (stops.Find(new(text), known) is >= 0 and var at)
            {
                text = text[..at];
                golden.Equal("stops after", (int?)about["stop_after"], after);
                golden.Equal("result", (string)about["result"]!, text);
                golden.Equal("shown before", safe.Count, after.Value - 1);
                return;
            }

            golden.Equal($"shown after {after}", (string)safe[after.Value - 1]!, text[..stops.SafeLength(text)]);
        }

        golden.Equal("stops after", (int?)about["stop_after"], null);
        golden.Equal("result", (string)about["result"]!, text + stream.Flush());
    });

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(BeamCases))]
    public void Beam_search_finds_the_sequences_of_the_reference(string path) => GoldenCase.Run("generation/beam", path, golden =>
    {
        var (document, about) = (Document(Beams), Case(path));
        var tolerance = document["tolerance"]!;
        var model = GoldenModels.Load(Path.GetFullPath(Path.Combine(GoldenFolder.PathOf("generation"), (string)document["model"]!)));
        var found = BeamSearch.Search(
            model,
            DecoderGoldenTests.Ints(about["prompt"]!),
            new() { MaxNewTokens = (int)about["max_new_tokens"]!, EndTokens = [(int)about["eos"]!] },
            new()
            {
                Beams = (int)document["num_beams"]!,
                LengthPenalty = (double)about["length_penalty"]!,
                EarlyStopping = about["early_stopping"]!.ToString() switch
                {
                    "true" => EarlyStopping.WhenFull,
                    "false" => EarlyStopping.WhenUnlikely,
                    _ => EarlyStopping.WhenImpossible,
                },
            });
        golden.Equal("sequences", string.Join(" | ", about["sequences"]!.AsArray().Select(s => string.Join(' ', DecoderGoldenTests.Ints(s!)))), string.Join(" | ", found.Select(b => string.Join(' ', b.Ids))));
        golden.Close("scores", DecoderGoldenTests.Numbers(about["scores"]!), [.. found.Select(b => b.Score)], (double)tolerance["score_abs"]!);
    });

    private static GenerationOptions Settings(JsonObject options, int keep, int[] end)
    {
        double Number(string name, double otherwise) => options[name] is { } value ? value.GetValue<double>() : otherwise;
        int Whole(string name) => options[name] is { } value ? (int)value : 0;
        int[] Ints(string name) => options[name] is { } value ? DecoderGoldenTests.Ints(value) : [];
        return new()
        {
            SequenceBias = [.. (options["sequence_bias"]?.AsArray() ?? []).Select(b => new TokenBias(DecoderGoldenTests.Ints(b!["tokens"]!), (double)b["bias"]!))],
            RepetitionPenalty = Number("repetition_penalty", 1),
            FrequencyPenalty = Number("frequency_penalty", 0),
            PresencePenalty = Number("presence_penalty", 0),
            NoRepeatNgramSize = Whole("no_repeat_ngram_size"),
            BadWords = [.. (options["bad_words"]?.AsArray() ?? []).Select(w => DecoderGoldenTests.Ints(w!))],
            MinLength = Whole("min_length"),
            MinNewTokens = Whole("min_new_tokens"),
            SuppressTokens = Ints("suppress_tokens"),
            BeginSuppressTokens = Ints("begin_suppress_tokens"),
            Temperature = Number("temperature", 1),
            TopK = Whole("top_k"),
            TopP = Number("top_p", 1),
            MinP = Number("min_p", 0),
            TypicalP = Number("typical_p", 1),
            EpsilonCutoff = Number("epsilon_cutoff", 0),
            EtaCutoff = Number("eta_cutoff", 0),
            MinTokensToKeep = keep,
            EndTokens = end,
        };
    }

    private static float[] Scores(JsonNode node) => [.. node.AsArray().Select(v => v is null ? float.NegativeInfinity : (float)v.GetValue<double>())];

    private static IEnumerable<JsonNode> Lines() => File.Exists(GoldenFolder.PathOf(Processors))
        ? File.ReadLines(GoldenFolder.PathOf(Processors)).Where(l => l.Length > 0).Select(l => JsonNode.Parse(l)!)
        : [];

    private static IEnumerable<string> Cases(string file) => File.Exists(GoldenFolder.PathOf(file))
        ? Enumerable.Range(0, Document(file)["cases"]!.AsArray().Count).Select(i => $"{file}/{i}")
        : [];

    private static JsonNode Case(string path)
    {
        var slash = path.LastIndexOf('/');
        return Document(path[..slash])["cases"]![int.Parse(path[(slash + 1)..], System.Globalization.CultureInfo.InvariantCulture)]!;
    }

    private static JsonNode Document(string file) => JsonNode.Parse(File.ReadAllText(GoldenFolder.PathOf(file)))!;
}
