using Alidade.Core;

namespace Alidade.Models.Tokenizers;

/// <summary>Sets texts and special tokens in the order of a template, with a type id for each.</summary>
internal sealed class TemplatePostProcessor : IPostProcessor
{
    private readonly List<Part> single;
    private readonly List<Part> pair;

    private TemplatePostProcessor(List<Part> single, List<Part> pair)
    {
        this.single = single;
        this.pair = pair;
    }

    /// <summary>Reads both templates and the table of special tokens.</summary>
    public static TemplatePostProcessor Read(JsonField field)
    {
        var specials = field["special_tokens"];
        return new(Parts(field["single"], 1), Parts(field["pair"], 2));

        List<Part> Parts(JsonField template, int texts) => [.. template.Items.Select(item => ReadPart(item, texts))];

        Part ReadPart(JsonField item, int texts)
        {
            if (!item["Sequence"].IsMissing)
            {
                var sequence = item["Sequence"];
                return sequence["id"].Text switch
                {
                    "A" => new(0, [], sequence["type_id"].Integer),
                    "B" when texts == 2 => new(1, [], sequence["type_id"].Integer),
                    _ => throw sequence["id"].Wrong(texts == 2 ? "A or B" : "A"),
                };
            }

            var special = item["SpecialToken"];
            var type = special["type_id"].Integer;
            var entry = specials[special["id"].Text];
            if (entry.IsMissing)
                throw new AlidadeException($"{special.Where}.id '{special["id"].Text}' is not in special_tokens");
            var ids = entry["ids"].Items.Select(i => i.Integer).ToList();
            var tokens = entry["tokens"].Items.Select(t => t.Text).ToList();
            if (ids.Count != tokens.Count)
                throw new AlidadeException($"{entry.Where} has {ids.Count} ids and {tokens.Count} tokens; it must have as many");
            return new(-1, [.. ids.Zip(tokens, (id, token) => new EncodedToken(id, token, 0, 0, -1, type))], type);
        }
    }

    /// <inheritdoc/>
    public List<List<EncodedToken>> Process(List<List<EncodedToken>> parts, bool addSpecialTokens)
    {
        if (parts.Count > 2)
            throw new NotBuiltException("a TemplateProcessing behind another post-processor that puts in tokens is not built");
        var output = new List<List<EncodedToken>>();
        foreach (var part in parts.Count == 2 ? pair : single)
            if (part.Text >= 0)
                output.Add(parts[part.Text].ConvertAll(t => t with { TypeId = part.TypeId }));
            else if (addSpecialTokens)
                output.Add([.. part.Tokens]);
        return output;
    }

    /// <summary>The text 0 or 1, or −1 and special tokens.</summary>
    private sealed record Part(int Text, IReadOnlyList<EncodedToken> Tokens, int TypeId);
}
