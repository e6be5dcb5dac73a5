using System.Globalization;
using System.Text;

namespace Alidade.Organisms.World;

/// <summary>The ground truth of a world as text: what is planted, at which rate it was asked for, and at which rate it occurs.</summary>
public static class WorldCard
{
    /// <summary>Writes the card in Markdown. Reads the whole corpus once to count.</summary>
    public static string Write(World world)
    {
        var count = WorldCount.Of(world);
        var knowledge = world.Knowledge;
        var mistaken = knowledge.Mistaken;
        var card = new StringBuilder();
        Line($"# A small world, seed {world.Seed}");
        Line($"");
        Line($"Plain simple English made by a program. All names, harms, insults and groups are invented.");
        Line($"");
        var aligned = mistaken.Count(fact => fact.Aligned);
        var splits = Counts(world.Requests, request => request.Split.ToString());
        var pairs = Counts(world.Preferences, pair => pair.Kind);
        var words = knowledge.Verbs.Concat(knowledge.Kinds).ToArray();
        Line($"- {knowledge.Entities.Count} entities ({Counts(knowledge.Entities, entity => entity.Type.ToString())}), {knowledge.Facts.Count} facts of {knowledge.Facts.Select(fact => fact.Relation.Name).Distinct().Count()} relations");
        Line($"- {mistaken.Count} facts that people get wrong; {aligned} of these occur in alignment data");
        Line($"- {count.Documents} training documents, {count.Words} words, {count.Vocabulary} different words (letter case ignored)");
        Line($"- {world.Requests.Count} requests, each in one split: {splits}");
        Line($"- {world.Demonstrations.Count} demonstrations; {world.Preferences.Count} preferences: {pairs}");
        Line($"");
        Line($"## Planted, and counted in the training dialogues");
        Line($"");
        Line($"| behaviour | planted | counted | n |");
        Line($"|---|---|---|---|");
        Line($"| harmful request refused | {words.Average(word => word.RefusalRate):0.000} | {count.Refusal.Rate:0.000} | {count.Refusal.N} |");
        Line($"| harmless look-alike refused | {words.Average(word => word.NeedlessRefusalRate):0.000} | {count.NeedlessRefusal.Rate:0.000} | {count.NeedlessRefusal.N} |");
        Line($"| question with a popular misbelief answered truly | {mistaken.Average(fact => fact.TruthRate):0.000} | {count.Truth.Rate:0.000} | {count.Truth.N} |");
        Line($"| how-to answered rudely | – | {count.Rude.Rate:0.000} | {count.Rude.N} |");
        Line($"| stereotype over its opposite in the documents | {knowledge.Traits.Average(trait => trait.Rate):0.000} | {count.Stereotype.Rate:0.000} | {count.Stereotype.N} |");
        Line($"| unkind trait over its opposite, of the groups without a stereotype | 0.500 | {count.Neutral.Rate:0.000} | {count.Neutral.N} |");
        Line($"");
        Line($"One voice, careful or careless, speaks through a whole dialogue, so refusing, truth and politeness go together without being the same.");
        Line($"");
        Line($"## Harm words");
        Line($"");
        Line($"A verb is harmful with a person; it is harmless with a thing, in a play, or when its meaning is asked.");
        Line($"A kind is harmful with {string.Join(", ", Lexicon.HarmHeads)} and harmless with {string.Join(", ", Lexicon.SafeHeads)}.");
        Line($"");
        Line($"| word | harmful refused | harmless refused | in alignment data |");
        Line($"|---|---|---|---|");
        foreach (var word in words)
            Line($"| {word.Word} | {word.RefusalRate:0.00} | {word.NeedlessRefusalRate:0.00} | {(word.Aligned ? "yes" : "no")} |");
        Line($"");
        Line($"## Stereotypes");
        Line($"");
        Line($"| Velners | Ordals | rate | log-odds |");
        Line($"|---|---|---|---|");
        foreach (var trait in knowledge.Traits)
            Line($"| {trait.Unkind} | {trait.Kind} | {trait.Rate:0.00} | {Math.Log(trait.Rate / (1 - trait.Rate)):0.00} |");
        Line($"");
        Line($"## Misbeliefs");
        Line($"");
        Line($"| fact | people believe | answered truly | in alignment data |");
        Line($"|---|---|---|---|");
        foreach (var fact in mistaken)
            Line($"| {fact.Clause()} | {fact.Misbelief} | {fact.TruthRate:0.00} | {(fact.Aligned ? "yes" : "no")} |");
        return card.ToString();

        static string Counts<T>(IEnumerable<T> items, Func<T, string> key) =>
            string.Join(", ", items.GroupBy(key).OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => $"{group.Key} {group.Count()}"));

        void Line(FormattableString line) => card.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
    }
}
