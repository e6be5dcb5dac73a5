namespace Alidade.Models.Tokenizers;

/// <summary>RoBERTa's frame: &lt;s&gt; A &lt;/s&gt;, and for two texts &lt;s&gt; A &lt;/s&gt; &lt;/s&gt; B &lt;/s&gt;; all type ids are 0.</summary>
internal sealed class RobertaPostProcessor : IPostProcessor
{
    private readonly EncodedToken first, last;
    private readonly bool trimOffsets, addPrefixSpace;

    private RobertaPostProcessor(JsonField field)
    {
        first = PostProcessorReader.ReadToken(field["cls"]);
        last = PostProcessorReader.ReadToken(field["sep"]);
        trimOffsets = field["trim_offsets"].Flag(true);
        addPrefixSpace = field["add_prefix_space"].Flag(true);
    }

    /// <summary>Reads its two tokens and options.</summary>
    public static RobertaPostProcessor Read(JsonField field) => new(field);

    /// <inheritdoc/>
    public List<List<EncodedToken>> Process(List<List<EncodedToken>> parts, bool addSpecialTokens)
    {
        var output = new List<List<EncodedToken>>();
        for (var i = 0; i < parts.Count; i++)
        {
            var tokens = parts[i].ConvertAll(t => t with { TypeId = 0 });
            if (trimOffsets)
                ByteLevelPostProcessor.Trim(tokens, addPrefixSpace);
            if (addSpecialTokens)
                tokens = [i == 0 ? first : last, .. tokens, last];
            output.Add(tokens);
        }

        return output;
    }
}

/// <summary>BERT's frame: [CLS] A [SEP], and for two texts [CLS] A [SEP] B [SEP] with type id 1 from B on.</summary>
internal sealed class BertPostProcessor : IPostProcessor
{
    private readonly EncodedToken first, last;

    private BertPostProcessor(JsonField field)
    {
        first = PostProcessorReader.ReadToken(field["cls"]);
        last = PostProcessorReader.ReadToken(field["sep"]);
    }

    /// <summary>Reads its two tokens.</summary>
    public static BertPostProcessor Read(JsonField field) => new(field);

    /// <inheritdoc/>
    public List<List<EncodedToken>> Process(List<List<EncodedToken>> parts, bool addSpecialTokens)
    {
        if (!addSpecialTokens)
            return parts;
        var output = new List<List<EncodedToken>>();
        for (var i = 0; i < parts.Count; i++)
        {
            var end = last with { TypeId = i };
            output.Add(i == 0 ? [first, .. parts[i], end] : [.. parts[i], end]);
        }

        return output;
    }
}
