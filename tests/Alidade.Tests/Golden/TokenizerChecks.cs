using System.Text.Json;
using System.Text.RegularExpressions;
using Alidade.Core;
using Alidade.Models.Tokenizers;
using Encoding = Alidade.Models.Tokenizers.Encoding;

namespace Alidade.Tests.Golden;

/// <summary>Compares tokenizers and their parts with the records of the golden folder.</summary>
internal static class TokenizerChecks
{
    public static void Vectors(GoldenCase g, Tokenizer tokenizer, string folder, Dictionary<string, TokenizerGoldenTests.TextRow> texts)
    {
        foreach (var line in TokenizerGoldenTests.Lines(Path.Combine(folder, "vectors.jsonl")))
        {
            var id = line["id"].Text;
            var text = texts[id].Text;
            var plain = tokenizer.EncodeWithOffsets(text, new EncodeOptions { AddSpecialTokens = false });
            Same(g, $"{id} plain", line["plain"], plain);
            Ids(g, $"{id} encode", line["plain"]["ids"], tokenizer.Encode(text));
            Ids(g, $"{id} untrusted", line["untrusted"].IsMissing ? line["plain"]["ids"] : line["untrusted"]["ids"], tokenizer.EncodeUntrusted(text));
            var special = tokenizer.EncodeWithOffsets(text, new EncodeOptions());
            if (line["special"].IsMissing)
                Ids(g, $"{id} special", line["plain"]["ids"], special.Ids);
            else
                Same(g, $"{id} special", line["special"], special, line["special"]["offsets"].IsMissing ? plain : null);
            var decode = Right(line, "decode", line["decode"]);
            Text(g, $"{id} decode", decode, tokenizer.Decode(special.Ids));
            Text(g, $"{id} decode_skip", Right(line, "decode_skip", line["decode_skip"].IsMissing ? line["decode"] : line["decode_skip"]), tokenizer.Decode(special.Ids, skipSpecialTokens: true));
            if (!line["tokens_right"].IsMissing)
                Text(g, $"{id} tokens_right", Joined(line["tokens_right"].Items.Select(t => t.Text)), Joined(plain.Ids.Select(tokenizer.Token)));
        }
    }

    public static void Streams(GoldenCase g, Tokenizer tokenizer, string folder)
    {
        foreach (var line in TokenizerGoldenTests.Lines(Path.Combine(folder, "stream.jsonl")))
        {
            var ids = line["ids"].Items.Select(i => i.Integer).ToList();
            var skip = line["skip_special"].Flag(false);
            var stream = tokenizer.CreateStream(skip);
            var shown = line["shown"].Items.Select(s => s.Text).ToList();
            for (var k = 0; k < ids.Count; k++)
                Text(g, $"{line.File} shown[{k}]", shown[k], stream.Push(ids[k]));
            Text(g, $"{line.File} flush", line["flush"].Text, stream.Flush());
            Text(g, $"{line.File} final", line["final"].Text, tokenizer.Decode(ids, skip));
        }
    }

    public static void Pairs(GoldenCase g, Tokenizer tokenizer, string folder)
    {
        foreach (var line in TokenizerGoldenTests.Lines(Path.Combine(folder, "pairs.jsonl")))
            foreach (var (name, special) in new[] { ("special", true), ("plain", false) })
                if (!line[name].IsMissing)
                    Same(g, $"{line.File} {name}", line[name],
                        tokenizer.EncodeWithOffsets(line["text"].Text, new EncodeOptions { Pair = line["pair"].Text, AddSpecialTokens = special }));
    }

    public static void Batches(GoldenCase g, Tokenizer tokenizer, string folder)
    {
        foreach (var line in TokenizerGoldenTests.Lines(Path.Combine(folder, "batches.jsonl")))
        {
            var options = new EncodeOptions { Pair = line["pair"].OptionalText, AddSpecialTokens = line["add_special_tokens"].Flag(true), TruncateAndPad = true };
            IReadOnlyList<Encoding> Run() => line["texts"].IsMissing
                ? [tokenizer.EncodeWithOffsets(line["text"].Text, options)]
                : tokenizer.EncodeBatch(line["texts"].Items.Select(t => t.Text), options);
            if (!line["error"].IsMissing)
            {
                Assert.Throws<AlidadeException>(Run);
                continue;
            }

            var expected = line["encodings"].Items.ToList();
            var actual = Run();
            g.Equal($"{line.File} encodings", expected.Count, actual.Count);
            for (var i = 0; i < expected.Count; i++)
            {
                Same(g, $"{line.File}[{i}]", expected[i], actual[i]);
                var overflowing = expected[i]["overflowing"].Items.ToList();
                g.Equal($"{line.File}[{i}] overflowing", overflowing.Count, actual[i].Overflowing.Count);
                for (var k = 0; k < overflowing.Count; k++)
                    Same(g, $"{line.File}[{i}] overflowing[{k}]", overflowing[k], actual[i].Overflowing[k]);
            }
        }
    }

    /// <summary>The expectation that was published with a vocabulary: 46 texts, ids without special tokens.</summary>
    public static void Published(GoldenCase g, Tokenizer tokenizer, string folder)
    {
        var input = Path.Combine(folder, "llama_cpp_test.inp");
        if (!File.Exists(input))
            return;
        var texts = File.ReadAllText(input).Split("\n__ggml_vocab_test__\n");
        var expected = File.ReadAllText(Path.ChangeExtension(input, ".out")).Split('\n');
        for (var i = 0; i < texts.Length && i < expected.Length; i++)
            Text(g, $"published[{i}]", expected[i].Trim(), string.Join(' ', tokenizer.Encode(texts[i])));
    }

    public static void Normalizer(GoldenCase g, JsonField line, Dictionary<string, TokenizerGoldenTests.TextRow> texts, string characterMap)
    {
        var normalizer = NormalizerReader.Read(WithCharacterMap(line["config"], characterMap))!;
        var outputs = line["outputs"];
        foreach (var (id, row) in texts)
            if (!outputs[id].IsMissing && !row.Unassigned)
                Text(g, id, outputs[id].Text, normalizer.Normalize(new(row.Text, 0)).Text);
        // What was run and is not listed is unchanged; long and repeated texts and the later fuzz strings were not run.
        foreach (var (id, row) in texts)
            if (outputs[id].IsMissing && !row.Unassigned && row.Tag is not ("long-word" or "long-mixed" or "repeat" or "mild" or "fuzz" or "fuzz-any"))
                Text(g, $"{id} (unchanged)", row.Text, normalizer.Normalize(new(row.Text, 0)).Text);
    }

    public static void PreTokenizer(GoldenCase g, JsonField line, Dictionary<string, TokenizerGoldenTests.TextRow> texts)
    {
        var preTokenizer = PreTokenizerReader.Read(line["config"])!;
        foreach (var entry in line["outputs"].Value.EnumerateObject())
        {
            var text = texts[entry.Name].Text;
            var codePoint = EncodingBuilder.CodePointAt(text);
            var whole = new AlignedText(text, 0);
            var pieces = preTokenizer.Cut([new(whole, 0, text.Length)]);
            var expected = entry.Value.EnumerateArray().Select(p => $"{p[0].GetString()}|{p[1]}|{p[2]}");
            var actual = pieces.Select(p =>
            {
                var (start, end) = p.Length == 0 ? (0, 0) : p.Text.Origin(p.Start, p.Start + p.Length);
                return $"{p.Span}|{codePoint(start)}|{codePoint(end)}";
            });
            Text(g, entry.Name, Joined(expected), Joined(actual));
        }
    }

    public static void Decoder(GoldenCase g, JsonField line, JsonField first)
    {
        var decoder = DecoderReader.Read(line["config"])!;
        var lists = first["tokens_lists"].Items.ToList();
        var outputs = line["outputs"].Items.ToList();
        for (var i = 0; i < lists.Count; i++)
            if (outputs[i].Value.ValueKind == JsonValueKind.String)
                Text(g, $"list {i}", outputs[i].Text, decoder.Decode(lists[i].Items.Select(t => t.Text)));
    }

    // The file names the map by its length, "<n base64 characters>", and another file holds it.
    private static JsonField WithCharacterMap(JsonField config, string path)
    {
        const string Named = @"<\d+ base64 characters>";
        var text = config.Value.GetRawText();
        if (!Regex.IsMatch(text, Named))
            return config;
        var map = JsonDocument.Parse(File.ReadAllText(path)).RootElement.GetProperty("normalizer").GetProperty("normalizers").EnumerateArray()
            .First(n => n.GetProperty("type").GetString() == "Precompiled").GetProperty("precompiled_charsmap").GetString()!;
        Assert.Contains($"<{map.Length} base64 characters>", text, StringComparison.Ordinal);
        return config with { Value = JsonDocument.Parse(Regex.Replace(text, Named, map)).RootElement };
    }

    private static void Same(GoldenCase g, string what, JsonField expected, Encoding actual, Encoding? plain = null)
    {
        Ids(g, what, expected["ids"], actual.Ids);
        if (!expected["tokens"].IsMissing)
            Text(g, $"{what} tokens", Joined(expected["tokens"].Items.Select(t => t.Text)), Joined(actual.Tokens));
        var offsets = plain is null ? Numbers(expected["offsets"]) : Framed(plain.Offsets, actual.SpecialMask);
        Text(g, $"{what} offsets", offsets, Flat(actual.Offsets));
        var utf16 = plain is not null ? Framed(plain.Utf16Offsets, actual.SpecialMask) : expected["offsets_utf16"].IsMissing ? offsets : Numbers(expected["offsets_utf16"]);
        Text(g, $"{what} offsets_utf16", utf16, Flat(actual.Utf16Offsets));
        Text(g, $"{what} type_ids", expected["type_ids"].IsMissing ? Zeros(actual) : Numbers(expected["type_ids"]), string.Join(' ', actual.TypeIds));
        if (!expected["attention_mask"].IsMissing)
            Text(g, $"{what} attention_mask", Numbers(expected["attention_mask"]), string.Join(' ', actual.AttentionMask.Select(m => m ? 1 : 0)));
        Text(g, $"{what} special_mask", expected["special_mask"].IsMissing ? Zeros(actual) : Numbers(expected["special_mask"]), string.Join(' ', actual.SpecialMask.Select(m => m ? 1 : 0)));
    }

    // Offsets that the file leaves out: those of the plain encoding, with 0,0 for each special token.
    private static string Framed(IReadOnlyList<(int, int)> plain, IReadOnlyList<bool> mask)
    {
        var next = 0;
        return Flat([.. mask.Select(m => m ? (0, 0) : plain[next++])]);
    }

    private static string Right(JsonField line, string name, JsonField otherwise) => line[name + "_right"].IsMissing ? otherwise.Text : line[name + "_right"].Text;

    private static void Ids(GoldenCase g, string what, JsonField expected, IReadOnlyList<int> actual) => Text(g, $"{what} ids", Numbers(expected), string.Join(' ', actual));

    private static void Text(GoldenCase g, string what, string expected, string actual) => g.Equal(what, expected, actual);

    private static string Numbers(JsonField list) => string.Join(' ', list.Items.Select(i => i.Integer));

    private static string Zeros(Encoding encoding) => string.Join(' ', encoding.Ids.Select(_ => 0));

    private static string Flat(IReadOnlyList<(int Start, int End)> offsets) => string.Join(' ', offsets.Select(o => $"{o.Start} {o.End}"));

    private static string Joined(IEnumerable<string> parts) => string.Join('\u241F', parts);
}
