using System.Text.Json;
using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Training.Data;

namespace Alidade.Tests.Golden.Training;

/// <content>Single answers, and pairs whose prompt the reference joins to each answer.</content>
public sealed partial class DataPreparationGoldenTests
{
    private static void PairsOfOneSequence(GoldenCase golden, JsonElement source, PreferenceTokenizer tokenizer)
    {
        var collector = new TokenRowCollector<PairTokens>();
        foreach (var row in source.GetProperty("rows").EnumerateArray())
            tokenizer.Add(collector, PairOf(row, tokenizer));
        var right = source.GetProperty("right").ValueKind == JsonValueKind.Object ? source.GetProperty("right").GetProperty("say").GetString()! : null;
        if (right?.Contains("drop the row", StringComparison.Ordinal) == true)
        {
            Assert.Contains("the prompt fills the maximum length (1)", Assert.Throws<AlidadeException>(() => collector.Finish("pairs")).Message, StringComparison.Ordinal);
            return;
        }

        var pairs = collector.Finish("pairs").Rows;
        var expected = source.GetProperty("result").GetProperty("rows").EnumerateArray().ToArray();
        golden.Equal("rows", expected.Length, pairs.Count);
        foreach (var (want, pair) in expected.Zip(pairs))
        {
            // Where the prompt is no prefix, the answers begin where they part.
            var parted = Ints(want, "chosen_input_ids").Zip(Ints(want, "rejected_input_ids")).TakeWhile(p => p.First == p.Second).Count();
            foreach (var (name, answer) in new[] { ("chosen", pair.Chosen), ("rejected", pair.Rejected) })
            {
                int[] ids = [.. Ints(want, name + "_input_ids")], labels = [.. Ints(want, name + "_labels")];
                // Where the reference is odd: a second end token, and a prompt that reaches into the answer. The ids are right in both, but for the end token.
                if (right?.Contains("no second EOS", StringComparison.Ordinal) == true)
                    (ids, labels) = (ids[..^1], labels[..^1]);
                golden.Equal(name, Shown(ids), Shown([.. pair.Prompt, .. answer]));
                golden.Equal(name + " learned", right?.Contains("first token that differs", StringComparison.Ordinal) == true ? ids.Length - parted : labels.Count(l => l != -100), answer.Count);
            }
        }
    }

    private static void Unpaired(GoldenCase golden, JsonElement source, UnpairedTokenizer tokenizer)
    {
        var (options, given) = (source.GetProperty("options"), source.GetProperty("rows").EnumerateArray().ToArray());
        var rows = given[0].TryGetProperty("chosen", out _)
            ? UnpairedAnswer.OfPairs([.. given.Select((r, i) => new PreferencePair { Id = $"{i}", Prompt = PromptOf(r), Chosen = r.GetProperty("chosen").GetString()!, Rejected = r.GetProperty("rejected").GetString()! })])
            : [.. given.Select((r, i) => new UnpairedAnswer { Id = $"{i}", Prompt = PromptOf(r), Completion = r.GetProperty("completion").GetString()!, Label = r.GetProperty("label").GetBoolean() })];
        var expected = source.GetProperty("result").GetProperty("rows").EnumerateArray().ToArray();
        var mismatched = expected[0].TryGetProperty("KL_completion_ids", out _);
        var tokens = tokenizer.Tokenize(rows, mismatched ? options.GetProperty("batch_size").GetInt32() : null).Rows;
        golden.Equal("rows", expected.Length, tokens.Count);
        foreach (var (want, row) in expected.Zip(tokens))
        {
            golden.Equal("label", want.GetProperty("label").GetBoolean(), row.Label);
            if (want.TryGetProperty("labels", out _))
            {
                golden.Equal("ids", Shown(Ints(want, "input_ids")), Shown([.. row.Prompt, .. row.Answer]));
                golden.Equal("labels", Shown(Ints(want, "labels")), Shown([.. row.Prompt.Select(_ => -100), .. row.Answer]));
                continue;
            }

            golden.Equal("prompt", Shown(Ints(want, "prompt_ids")), Shown(row.Prompt));
            golden.Equal("answer", Shown(Ints(want, "completion_ids")), Shown(row.Answer));
            if (!mismatched)
                continue;
            // A row alone in its micro-batch has no other row's answer; the reference gives it its own.
            var own = source.GetProperty("right").ValueKind == JsonValueKind.Object && Ints(want, "KL_completion_ids").SequenceEqual(row.Answer);
            golden.Equal("mismatched answer", own ? "none" : Shown(Ints(want, "KL_completion_ids")), row.Mismatched is { } other ? Shown(other) : "none");
        }
    }

    private static Prompt PromptOf(JsonElement row) => row.GetProperty("prompt").ValueKind == JsonValueKind.String ? Prompt.OfText(row.GetProperty("prompt").GetString()!) : Prompt.OfMessages(Messages(row.GetProperty("prompt")));
}
