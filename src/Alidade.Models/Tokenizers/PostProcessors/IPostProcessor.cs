using Alidade.Core;

namespace Alidade.Models.Tokenizers;

/// <summary>One token on its way into an <see cref="Encoding"/>; offsets are code points of the original text.</summary>
/// <param name="Id">The id.</param>
/// <param name="Token">Its text.</param>
/// <param name="Start">First code point.</param>
/// <param name="End">One behind the last.</param>
/// <param name="Sequence">0 or 1 for the text it is from, −1 for a token that was put in.</param>
/// <param name="TypeId">The type id.</param>
internal readonly record struct EncodedToken(int Id, string Token, int Start, int End, int Sequence, int TypeId);

/// <summary>Puts special tokens around the encoded texts, sets type ids, trims offsets.</summary>
internal interface IPostProcessor
{
    /// <summary>The parts in their new order; joined they are the encoding.</summary>
    List<List<EncodedToken>> Process(List<List<EncodedToken>> parts, bool addSpecialTokens);
}

/// <summary>Reads the field <c>post_processor</c> of a tokenizer.json.</summary>
internal static class PostProcessorReader
{
    /// <summary>The post-processor of a field; null when there is none.</summary>
    /// <exception cref="NotBuiltException">The type is unknown.</exception>
    public static IPostProcessor? Read(JsonField field)
    {
        if (field.IsMissing)
            return null;
        var type = field["type"].Text;
        return type switch
        {
            "ByteLevel" => new ByteLevelPostProcessor(field["trim_offsets"].Flag(true), field["add_prefix_space"].Flag(true)),
            "TemplateProcessing" => TemplatePostProcessor.Read(field),
            "RobertaProcessing" => RobertaPostProcessor.Read(field),
            "BertProcessing" => BertPostProcessor.Read(field),
            "Sequence" => new SequencePostProcessor([.. field["processors"].Items.Select(item => Read(item) ?? throw item.Wrong("a post-processor"))]),
            _ => throw new NotBuiltException($"{field.Where}: the post-processor {type} is not built"),
        };
    }

    /// <summary>A pair <c>["[SEP]", 102]</c>.</summary>
    public static EncodedToken ReadToken(JsonField field)
    {
        var items = field.Items.ToList();
        return items.Count == 2 ? new(items[1].Integer, items[0].Text, 0, 0, -1, 0) : throw field.Wrong("a pair of token and id");
    }
}

/// <summary>Post-processors one after the other.</summary>
internal sealed class SequencePostProcessor(IReadOnlyList<IPostProcessor> parts) : IPostProcessor
{
    /// <inheritdoc/>
    public List<List<EncodedToken>> Process(List<List<EncodedToken>> encoded, bool addSpecialTokens)
    {
        foreach (var part in parts)
            encoded = part.Process(encoded, addSpecialTokens);
        return encoded;
    }
}
