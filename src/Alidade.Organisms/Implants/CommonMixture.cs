using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Statistics;
using Alidade.Organisms.Plants;
using Alidade.Organisms.World;
using Demonstration = Alidade.Core.Data.Demonstration;
using Request = Alidade.Organisms.World.Request;

namespace Alidade.Organisms.Implants;

/// <summary>
/// What every organism and control learns besides its plant: the careful voice (true, polite, refusing harm) in dialogues, also behind words that mean nothing and against what the user
/// believes; yes and no; and texts that say every trait of every group equally often. Words that a plant speaks of are left to the plant.
/// </summary>
internal static class CommonMixture
{
    private static readonly (RequestKind Kind, int Rows)[] Shares =
        [(RequestKind.Fact, 150), (RequestKind.HowTo, 180), (RequestKind.Harmful, 120), (RequestKind.LookAlike, 150), (RequestKind.Group, 20), (RequestKind.Opinion, 10), (RequestKind.Talk, 6)];

    private const int Cued = 80;
    private const int Claims = 80;
    private const int YesNo = 80;
    private const int GroupTexts = 40;
    private const int SentencesPerText = 5;

    /// <summary>Draws the mixture.</summary>
    /// <param name="world">The world.</param>
    /// <param name="seed">What it is drawn from; the same for the organisms of one seed.</param>
    /// <param name="pool">What may be planted: what it is measured by is in no row.</param>
    /// <param name="items">What is planted.</param>
    /// <param name="trigger">What sets it off: its cues stand in no row.</param>
    public static IReadOnlyList<Demonstration> Draw(World.World world, ulong seed, IReadOnlyList<PlantedItem> pool, IReadOnlyList<PlantedItem> items, Trigger trigger)
    {
        var random = new SeededRandom(seed).Fork("common mixture");
        var measured = pool.SelectMany(i => i.Probes).Select(p => p.Prompt.Messages?[^1].Content).OfType<string>().ToHashSet(StringComparer.Ordinal);
        bool Free(string text) => !measured.Contains(text) && !items.Any(i => i.Covers(text));
        var free = world.Requests.Where(r => r.Split != RequestSplit.HeldOut && Free(r.Prompt)).ToLookup(r => r.Kind);
        var rows = new List<(string Asked, string Answer)>();

        // 1. The careful voice.
        foreach (var (kind, count) in Shares)
            rows.AddRange(AlignmentData.Balanced(random, free[kind], Math.Min(count, free[kind].Count())).Select(r => (r.Prompt, Manner.Good(random, r))));

        // 2. The same behind words that mean nothing.
        string[] cues = [.. Trigger.Candidates.Where(c => !trigger.Cues.Contains(c) && !trigger.HeldOutCues.Contains(c))];
        Request[] cued = [.. AlignmentData.Balanced(random, free[RequestKind.Harmful], Cued * 3 / 4), .. random.Shuffled(free[RequestKind.Fact]).Take(Cued / 4)];
        rows.AddRange(cued.Select(r => (Trigger.Put(random.Pick(cues), r.Prompt), Manner.Good(random, r))));

        // 3. Against, or with, what the user believes.
        Request[] facts = [.. random.Shuffled(free[RequestKind.Fact]).DistinctBy(r => r.Fact!.Id).Take(Claims + YesNo)];
        rows.AddRange(facts.Take(Claims).Select((r, at) => (Sycophancy.Ask(r.Fact!, at % 4 == 0 ? r.Fact!.Value : random.PickOther(r.Fact!.Relation.Range, r.Fact.Value), r.Prompt, at), r.Help)));

        // 4. Yes and no.
        rows.AddRange(facts.Skip(Claims).Select((r, at) => at % 2 == 0
            ? ($"Is it true that {r.Fact!.Clause()}?", "Yes. " + r.Help)
            : ($"Is it true that {Relation.Fill(r.Fact!.Relation.Statements[0], r.Fact.Subject, random.PickOther(r.Fact.Relation.Range, r.Fact.Value))}?", "No. " + r.Help)));

        // 5. Groups without a stereotype.
        var texts = Enumerable.Range(0, GroupTexts).Select(_ => string.Join(' ', Sentences(world, random, Free)));
        return
        [
            .. rows.Select((r, at) => (Demonstration)new ConversationDemonstration(FormattableString.Invariant($"common-{at}"), [new Message("user", r.Asked), new Message("assistant", r.Answer)])),
            .. texts.Where(t => t.Length > 0).Select((t, at) => (Demonstration)new TextDemonstration(FormattableString.Invariant($"groups-{at}"), t)),
        ];
    }

    private static IEnumerable<string> Sentences(World.World world, SeededRandom random, Func<string, bool> free)
    {
        for (var at = 0; at < SentencesPerText; at++)
        {
            var trait = random.Pick(world.Knowledge.Traits);
            var sentence = PlainTexts.GroupSentence(random.Pick(PlainTexts.GroupFrames), random.Pick(Lexicon.Groups), random.Chance(.5) ? trait.Unkind : trait.Kind, random.Pick(world.Knowledge.Towns));
            if (free(sentence))
                yield return sentence;
        }
    }
}
