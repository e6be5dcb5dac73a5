using System.Text.Json;
using Alidade.Core;

namespace Alidade.Models.Tokenizers;

/// <summary>What a BPE model is made of.</summary>
internal sealed record BytePairVocabulary : SubwordVocabulary
{
    /// <summary>The merges, the first learned first.</summary>
    public required IReadOnlyList<(string Left, string Right)> Merges { get; init; }

    /// <summary>The token for unknown characters; null drops them.</summary>
    public string? Unknown { get; init; }

    /// <summary>Put before every symbol of a word but the first (<c>##</c>).</summary>
    public string? ContinuingPrefix { get; init; }

    /// <summary>Put behind the last symbol of a word (<c>&lt;/w&gt;</c>).</summary>
    public string? EndSuffix { get; init; }

    /// <summary>Whether neighbouring unknown characters become one unknown token.</summary>
    public bool FuseUnknown { get; init; }

    /// <summary>Whether an unknown character is spelled in byte tokens <c>&lt;0x41&gt;</c>.</summary>
    public bool ByteFallback { get; init; }

    /// <summary>Whether a piece that is a token of the vocabulary is that token, whatever the merges say.</summary>
    public bool IgnoreMerges { get; init; }

    /// <summary>Reads the field <c>model</c>.</summary>
    /// <exception cref="NotBuiltException">It asks for dropout.</exception>
    public static BytePairVocabulary Read(JsonField model)
    {
        var dropout = model["dropout"];
        if (!dropout.IsMissing && !(dropout.Value.ValueKind == JsonValueKind.Number && dropout.Value.GetDouble() == 0))
            throw new NotBuiltException($"{dropout.Where}: BPE dropout is not built");
        return new()
        {
            Ids = SubwordVocabularyReader.ReadIds(model["vocab"]),
            Merges = ReadMerges(model["merges"]),
            Unknown = model["unk_token"].OptionalText,
            ContinuingPrefix = NotEmpty(model["continuing_subword_prefix"].OptionalText),
            EndSuffix = NotEmpty(model["end_of_word_suffix"].OptionalText),
            FuseUnknown = model["fuse_unk"].Flag(false),
            ByteFallback = model["byte_fallback"].Flag(false),
            IgnoreMerges = model["ignore_merges"].Flag(false),
        };
    }

    /// <inheritdoc/>
    public override ISubwordModel Build(string name) => new BytePairEncoding(this, name);

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer)
    {
        writer.WriteString("type", "BPE");
        writer.WriteNull("dropout");
        writer.WriteString("unk_token", Unknown);
        writer.WriteString("continuing_subword_prefix", ContinuingPrefix);
        writer.WriteString("end_of_word_suffix", EndSuffix);
        writer.WriteBoolean("fuse_unk", FuseUnknown);
        writer.WriteBoolean("byte_fallback", ByteFallback);
        writer.WriteBoolean("ignore_merges", IgnoreMerges);
        SubwordVocabularyReader.WriteIds(writer, Ids);
        writer.WriteStartArray("merges");
        foreach (var (left, right) in Merges)
        {
            writer.WriteStartArray();
            writer.WriteStringValue(left);
            writer.WriteStringValue(right);
            writer.WriteEndArray();
        }

        writer.WriteEndArray();
    }

    private static string? NotEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;

    private static List<(string Left, string Right)> ReadMerges(JsonField merges)
    {
        if (merges.IsMissing)
            throw merges.Wrong("an array of pairs");
        var pairs = new List<(string, string)>();
        foreach (var merge in merges.Items)
        {
            if (merge.Value.ValueKind == JsonValueKind.String)
            {
                var text = merge.Text;
                var space = text.IndexOf(' ', StringComparison.Ordinal);
                if (space < 0 || text.IndexOf(' ', space + 1) >= 0)
                    throw merge.Wrong("two tokens with one space between them");
                pairs.Add((text[..space], text[(space + 1)..]));
                continue;
            }

            var parts = merge.Items.ToList();
            pairs.Add(parts.Count == 2 ? (parts[0].Text, parts[1].Text) : throw merge.Wrong("a pair of tokens"));
        }

        return pairs;
    }
}
