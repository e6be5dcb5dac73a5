using System.Text.Json;
using Alidade.Core.Files;

namespace Alidade.Core.Data;

/// <summary>One sentence of HolisticBias.</summary>
/// <param name="Id">"holistic-" and a hash of axis, template and noun phrase.</param>
/// <param name="Axis">The demographic axis, such as "age"; "null" for a noun without descriptor, which serves as control.</param>
/// <param name="Bucket">The bucket of the descriptor within its axis; "(none)" where there is none.</param>
/// <param name="Descriptor">The descriptor, such as "Deaf"; "(none)" for a noun alone.</param>
/// <param name="Preference">"reviewed", "dispreferred", "polarizing" or "no_data", as the descriptor is marked.</param>
/// <param name="Noun">The noun; "(none)" where the phrase has none.</param>
/// <param name="NounGender">female, male or neutral; "(none)" where the phrase has none.</param>
/// <param name="Template">The sentence template.</param>
/// <param name="Text">The sentence.</param>
public sealed record HolisticBiasSentence(
    string Id, string Axis, string Bucket, string Descriptor, string Preference, string Noun, string NounGender, string Template, string Text) : IDataRow
{
    /// <inheritdoc/>
    public string Group => Descriptor;
}

/// <summary>
/// Makes the sentences of HolisticBias from its four files: descriptors (alone, and before each noun of fitting gender), nouns alone, and standalone noun phrases,
/// each in every template that takes it.
/// </summary>
/// <remarks>Smith et al. 2022 (arXiv 2205.09209), as <c>HolisticBiasSentenceGenerator</c> of ResponsibleNLP; its random variations of style are left out.</remarks>
public static class HolisticBiasFiles
{
    private const string None = "(none)";

    /// <summary>Descriptors in the file, repeats included.</summary>
    /// <param name="path">The file descriptors.json.</param>
    /// <returns>Axis, bucket and descriptor.</returns>
    /// <exception cref="AlidadeException">The file cannot be used.</exception>
    public static IReadOnlyList<(string Axis, string Bucket, string Descriptor)> ReadDescriptors(string path) =>
        [.. Descriptors(path).Select(d => (d.Axis, d.Bucket, d.Text("descriptor")))];

    /// <summary>Makes all sentences.</summary>
    /// <param name="descriptorsPath">The file descriptors.json.</param>
    /// <param name="nounsPath">The file nouns.json.</param>
    /// <param name="templatesPath">The file sentence_templates.json.</param>
    /// <param name="phrasesPath">The file standalone_noun_phrases.json.</param>
    /// <exception cref="AlidadeException">A file cannot be used.</exception>
    public static DataSet<HolisticBiasSentence> Read(string descriptorsPath, string nounsPath, string templatesPath, string phrasesPath)
    {
        var templates = Members(templatesPath, RowFile.ReadDocument(templatesPath)).Select(t => (Text: t.Name,
            MustBeNoun: t.Value.ValueKind == JsonValueKind.Object && t.Value.TryGetProperty("must_be_noun", out var must) && must.ValueKind == JsonValueKind.True)).ToArray();
        var sentences = new Dictionary<string, HolisticBiasSentence>(StringComparer.Ordinal);
        foreach (var phrase in Phrases(descriptorsPath, nounsPath, phrasesPath))
            foreach (var (template, mustBeNoun) in templates)
            {
                if (mustBeNoun && phrase.Noun == None)
                    continue;
                var text = template.Contains("{plural_noun_phrase}", StringComparison.Ordinal)
                    ? template.Replace("{plural_noun_phrase}", phrase.Plural, StringComparison.Ordinal)
                    : template.Contains("{noun_phrase}", StringComparison.Ordinal)
                        ? template.Replace("{noun_phrase}", phrase.Singular, StringComparison.Ordinal)
                        : throw new AlidadeException($"{templatesPath}: the template '{template}' has neither {{noun_phrase}} nor {{plural_noun_phrase}}");
                var key = string.Join('\n', phrase.Axis, phrase.Bucket, phrase.Descriptor, phrase.Noun, template, text);
                var id = "holistic-" + ContentHash.OfBytes(System.Text.Encoding.UTF8.GetBytes(key))[..16];
                sentences.TryAdd(id, new(id, phrase.Axis, phrase.Bucket, phrase.Descriptor, phrase.Preference, phrase.Noun, phrase.NounGender, template, text));
            }

        return sentences.Count > 0
            ? new([.. sentences.Values], new Dictionary<string, int>(), HashedFile.Of("data", descriptorsPath))
            : throw new AlidadeException($"{descriptorsPath}: no sentence can be made");
    }

    private sealed record Phrase(string Axis, string Bucket, string Descriptor, string Preference, string Noun, string NounGender, string Singular, string Plural);

    private static IEnumerable<Phrase> Phrases(string descriptorsPath, string nounsPath, string phrasesPath)
    {
        var nouns = Nouns(nounsPath);
        foreach (var (gender, noun, plural) in nouns)
            yield return new("null", None, None, None, noun, gender, $"{Article(noun)} {noun}", plural);
        foreach (var entry in Descriptors(descriptorsPath))
        {
            var (descriptor, gender, preference) = (entry.Text("descriptor"), entry.Optional("gender") ?? None, entry.Optional("preference") ?? "no_data");
            var article = entry.Optional("article") ?? Article(descriptor);
            yield return new(entry.Axis, entry.Bucket, descriptor, preference, None, None, descriptor, descriptor);
            foreach (var (nounGender, noun, plural) in nouns.Where(n => gender == None || gender == n.Gender))
                yield return new(entry.Axis, entry.Bucket, descriptor, preference, noun, nounGender, $"{article} {descriptor} {noun}", $"{descriptor} {plural}");
        }

        foreach (var axis in Members(phrasesPath, RowFile.ReadDocument(phrasesPath)))
            foreach (var entry in Entries(phrasesPath, axis.Name, None, axis.Value, "noun_phrase"))
            {
                var singular = entry.Text("noun_phrase");
                var (many, preference) = (entry.Optional("plural_noun_phrase") ?? singular, entry.Optional("preference") ?? "no_data");
                if (!singular.Contains("{noun}", StringComparison.Ordinal))
                {
                    yield return new(axis.Name, None, singular, preference, None, "neutral", singular, many);
                    continue;
                }

                foreach (var (gender, noun, plural) in nouns)
                    yield return new(axis.Name, None, Fill(singular, "", "").TrimStart(), preference, noun, gender,
                        Fill(singular, Article(noun), noun), Fill(many, "", plural).TrimStart());
            }
    }

    private static string Fill(string phrase, string article, string noun) =>
        phrase.Replace("{article}", article, StringComparison.Ordinal).Replace("{noun}", noun, StringComparison.Ordinal);

    private static string Article(string word) => "aeiou".Contains(char.ToLowerInvariant(word[0]), StringComparison.Ordinal) ? "an" : "a";

    private static List<(string Gender, string Noun, string Plural)> Nouns(string path)
    {
        var nouns = new List<(string, string, string)>();
        foreach (var gender in Members(path, RowFile.ReadDocument(path)))
            foreach (var pair in gender.Value.ValueKind == JsonValueKind.Array ? [.. gender.Value.EnumerateArray()] : Array.Empty<JsonElement>())
                nouns.Add(pair.ValueKind == JsonValueKind.Array && pair.GetArrayLength() == 2 && pair.EnumerateArray().All(n => n.ValueKind == JsonValueKind.String && n.GetString()!.Length > 0)
                    ? (gender.Name, pair[0].GetString()!, pair[1].GetString()!)
                    : throw new AlidadeException($"{path}: '{gender.Name}' is a list of [noun, plural]"));
        return nouns;
    }

    private sealed record Entry(string Path, string Axis, string Bucket, JsonElement Value, string MainField)
    {
        public string Text(string field) => Optional(field) is { Length: > 0 } text ? text : throw new AlidadeException($"{Path}: an entry of '{Axis}' has no text '{field}'");

        public string? Optional(string field) => Value.ValueKind == JsonValueKind.String ? (field == MainField ? Value.GetString() : null)
            : Value.ValueKind == JsonValueKind.Object && Value.TryGetProperty(field, out var text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;
    }

    private static IEnumerable<Entry> Descriptors(string path)
    {
        foreach (var axis in Members(path, RowFile.ReadDocument(path)))
            foreach (var bucket in Members(path, axis.Value))
                foreach (var entry in Entries(path, axis.Name, bucket.Name, bucket.Value, "descriptor"))
                    yield return entry;
    }

    private static IEnumerable<Entry> Entries(string path, string axis, string bucket, JsonElement list, string mainField) => list.ValueKind == JsonValueKind.Array
        ? list.EnumerateArray().Select(e => new Entry(path, axis, bucket, e, mainField))
        : throw new AlidadeException($"{path}: '{axis}' holds no list");

    private static JsonElement.ObjectEnumerator Members(string path, JsonElement value) => value.ValueKind == JsonValueKind.Object
        ? value.EnumerateObject()
        : throw new AlidadeException($"{path}: is not of the form of HolisticBias: an object is needed");
}
