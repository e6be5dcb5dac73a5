using Alidade.Core;

namespace Alidade.Models.Tokenizers;

/// <summary>Reads the vocabulary that a GGUF file carries in its metadata (keys <c>tokenizer.*</c>).</summary>
/// <remarks>
/// GGUF names the kind of vocabulary and its pre-tokenizer and leaves out normalizer, post-processor and decoder; they are those of the released
/// tokenizer.json of the models that the name stands for. So mpt and qwen2 normalise to NFC, which llama.cpp does not do.
/// </remarks>
internal static class TokenizerGguf
{
    /// <summary>Reads the metadata of a GGUF file.</summary>
    /// <exception cref="AlidadeException">A key is missing or of another type.</exception>
    /// <exception cref="NotBuiltException">The vocabulary is of a kind that is not supported.</exception>
    public static TokenizerDefinition Read(IReadOnlyDictionary<string, object> metadata, string name)
    {
        var vocabulary = new GgufVocabulary(metadata, name);
        return vocabulary.Required<string>("tokenizer.ggml.model") switch
        {
            "gpt2" => GgufByteLevel.Read(vocabulary),
            "llama" => GgufSentencePiece.Read(vocabulary),
            "bert" => GgufWordPiece.Read(vocabulary),
            "t5" => GgufUnigram.Read(vocabulary),
            var other => throw new NotBuiltException(
                $"{name}: tokenizer.ggml.model '{other}' is not built; gpt2 (byte-level BPE), llama (SentencePiece BPE), bert (WordPiece) and t5 (Unigram) are"),
        };
    }
}
