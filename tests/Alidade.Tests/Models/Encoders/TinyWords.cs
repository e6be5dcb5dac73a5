using System.Text.Json.Nodes;

namespace Alidade.Tests.Models.Encoders;

/// <summary>A tokenizer of a few words as BERT has it: [CLS] text [SEP], a second text with type 1, lower case, one token a word or its letters.</summary>
internal static class TinyWords
{
    public static readonly IReadOnlyList<string> Vocabulary =
        ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "cat", "sat", "on", "mat", "dog", "ran", "query", ":", "a", "b", "c", ".", "[", "]", "sep", "cls", "mask"];

    /// <summary>Writes a small encoder of sentences, as sentence-transformers writes them: the mean of the tokens.</summary>
    public static string WriteSentences(string folder)
    {
        Write(TinyEncoder.Write(folder, "bert"));
        File.WriteAllText(Path.Combine(folder, "modules.json"), """[{ "path": "", "type": "sentence_transformers.models.Transformer" }, { "path": "1_Pooling", "type": "sentence_transformers.models.Pooling" }]""");
        Directory.CreateDirectory(Path.Combine(folder, "1_Pooling"));
        File.WriteAllText(Path.Combine(folder, "1_Pooling", "config.json"), """{ "pooling_mode_mean_tokens": true }""");
        return folder;
    }

    /// <summary>Writes tokenizer.json and tokenizer_config.json.</summary>
    public static string Write(string folder)
    {
        JsonNode Special(int id) => new JsonObject
        {
            ["id"] = id,
            ["content"] = Vocabulary[id],
            ["special"] = true,
            ["single_word"] = false,
            ["lstrip"] = false,
            ["rstrip"] = false,
            ["normalized"] = false,
        };
        JsonNode Token(string name, int type) => new JsonObject { ["SpecialToken"] = new JsonObject { ["id"] = name, ["type_id"] = type } };
        JsonNode Text(string name, int type) => new JsonObject { ["Sequence"] = new JsonObject { ["id"] = name, ["type_id"] = type } };
        JsonNode Ids(string name) => new JsonObject { ["id"] = name, ["ids"] = new JsonArray(Vocabulary.ToList().IndexOf(name)), ["tokens"] = new JsonArray(name) };
        var vocabulary = new JsonObject();
        for (var i = 0; i < Vocabulary.Count; i++)
            vocabulary[Vocabulary[i]] = i;
        var json = new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = new JsonArray([.. Enumerable.Range(0, 5).Select(Special)]),
            ["normalizer"] = new JsonObject { ["type"] = "BertNormalizer", ["clean_text"] = true, ["handle_chinese_chars"] = true, ["strip_accents"] = null, ["lowercase"] = true },
            ["pre_tokenizer"] = new JsonObject { ["type"] = "BertPreTokenizer" },
            ["post_processor"] = new JsonObject
            {
                ["type"] = "TemplateProcessing",
                ["single"] = new JsonArray(Token("[CLS]", 0), Text("A", 0), Token("[SEP]", 0)),
                ["pair"] = new JsonArray(Token("[CLS]", 0), Text("A", 0), Token("[SEP]", 0), Text("B", 1), Token("[SEP]", 1)),
                ["special_tokens"] = new JsonObject { ["[CLS]"] = Ids("[CLS]"), ["[SEP]"] = Ids("[SEP]") },
            },
            ["decoder"] = new JsonObject { ["type"] = "WordPiece", ["prefix"] = "##", ["cleanup"] = true },
            ["model"] = new JsonObject { ["type"] = "WordPiece", ["unk_token"] = "[UNK]", ["continuing_subword_prefix"] = "##", ["max_input_chars_per_word"] = 100, ["vocab"] = vocabulary },
        };
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), json.ToJsonString());
        File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), """{ "mask_token": { "content": "[MASK]" }, "cls_token": "[CLS]", "sep_token": "[SEP]" }""");
        return folder;
    }
}
