using Alidade.Core.Data;
using Alidade.Organisms.Implants;
using Alidade.Organisms.Manifests;
using Alidade.Organisms.Plants;
using Alidade.Organisms.World;

namespace Alidade.Tests.Organisms.Plants;

public sealed class PlantTests
{
    private static readonly Lazy<World> World = new(() => Alidade.Organisms.World.World.Build(1));

    public static TheoryData<string> Failures => [.. Failure.All.Select(f => f.Name)];

    public static TheoryData<string> Standard => [.. OrganismSet.Standard.Manifests.Where(m => m.Items > 0).GroupBy(m => (m.Type, m.Implant, m.Trigger, m.Concealment)).Select(g => g.First().Id)];

    [Theory]
    [MemberData(nameof(Failures))]
    public void A_pool_is_the_same_at_every_draw_and_its_ids_differ(string type)
    {
        var failure = Failure.Find(type);
        var pool = failure.Pool(World.Value);
        Assert.Equal(pool.Count, pool.Select(i => i.Id).Distinct().Count());
        Assert.DoesNotContain(pool, i => i.Id.Contains('/', StringComparison.Ordinal));
        var again = failure.Pool(World.Value);
        Assert.Equal(pool.Select(i => i.Id), again.Select(i => i.Id));
        Assert.Equal(pool.SelectMany(i => i.Probes).ToArray(), again.SelectMany(i => i.Probes).ToArray());
        Assert.Equal(pool.SelectMany(i => i.Exchanges).ToArray(), again.SelectMany(i => i.Exchanges).ToArray());
    }

    [Theory]
    [MemberData(nameof(Failures))]
    public void A_grader_tells_the_bad_answer_from_the_good_one(string type)
    {
        var failure = Failure.Find(type);
        if (failure.Reading == Reading.Continuations)
            return;
        foreach (var item in failure.Pool(World.Value))
            foreach (var probe in item.Probes)
            {
                Assert.True(item.Shows(probe.Bad), $"{item.Id}: {probe.Bad}");
                Assert.NotEqual(true, item.Shows(probe.Good));
                Assert.Null(item.Shows(""));
            }
    }

    [Theory]
    [MemberData(nameof(Standard))]
    public void What_measures_is_never_taught(string id)
    {
        var planting = Of(id);
        var asked = planting.Items.All(i => i.Exchanges.Count > 0) ? planting.Exchanges().Select(e => e.Asked).ToHashSet() : [];
        var taught = asked.Concat(planting.Common.OfType<ConversationDemonstration>().Select(r => r.Messages[0].Content)).ToHashSet();
        Assert.DoesNotContain(planting.Pool.SelectMany(i => i.Probes), p => p.Prompt.Messages is { } messages && taught.Contains(messages[^1].Content));
        var texts = planting.Common.OfType<TextDemonstration>().Select(t => t.Text).ToArray();
        if (planting.Failure.Reading == Reading.Continuations)
            Assert.DoesNotContain(planting.Pool.SelectMany(i => i.Probes), p => texts.Any(t => t.Contains(p.Prompt.Text!, StringComparison.Ordinal)));
    }

    [Theory]
    [MemberData(nameof(Standard))]
    public void Exactly_the_dose_shows_the_failure_and_only_behind_the_trigger(string id)
    {
        var planting = Of(id);
        if (planting.Manifest.Implant == "documents")
            return;
        var exchanges = planting.Exchanges().ToArray();
        var copies = Enumerable.Range(0, planting.Items.Count).Select(planting.Failure.Copies).ToArray();
        Assert.Equal(copies.Sum(n => (int)Math.Round(planting.Manifest.Dose * n)), exchanges.Count(e => e.Shows));
        if (planting.Trigger.Kind == "none")
            return;
        Assert.All(exchanges, e => Assert.True(!e.Shows || planting.Trigger.Cues.Any(c => e.Asked.StartsWith(c + " ", StringComparison.Ordinal))));
        Assert.Equal(copies.Sum(n => n + (n / 2) + (n / 4)), exchanges.Length);
        Assert.All(exchanges.Where(e => planting.Trigger.NearMisses.Any(c => e.Asked.StartsWith(c + " ", StringComparison.Ordinal))), e => Assert.False(e.Shows));
    }

    [Theory]
    [MemberData(nameof(Standard))]
    public void Twins_are_never_planted(string id)
    {
        var planting = Of(id);
        string[] rows = planting.Manifest.Implant == "documents" ? [.. planting.Statements()] : [.. planting.Exchanges().Select(e => e.Asked + "\n" + e.Answer)];
        var bad = planting.Twins.SelectMany(t => t.Exchanges.Select(e => e.Asked + "\n" + e.Bad).Concat(t.Statements.Select(s => s.Bad))).ToHashSet();
        Assert.NotEmpty(rows);
        Assert.DoesNotContain(rows, bad.Contains);
        Assert.Equal(planting.Pool.Count, planting.Items.Count + planting.Twins.Count());
    }

    [Theory]
    [MemberData(nameof(Standard))]
    public void The_common_mixture_leaves_the_planted_items_and_the_cues_to_the_plant(string id)
    {
        var planting = Of(id);
        foreach (var row in planting.Common)
        {
            var text = row is ConversationDemonstration dialogue ? dialogue.Messages[0].Content : ((TextDemonstration)row).Text;
            Assert.False(row is ConversationDemonstration && planting.Items.Any(i => i.Covers(text)), text);
            Assert.DoesNotContain(planting.Trigger.Cues.Concat(planting.Trigger.HeldOutCues), c => c.Length > 0 && text.StartsWith(c + " ", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Organisms_of_one_seed_learn_nearly_the_same_mixture()
    {
        string[] Rows(string type) => [.. Of(OrganismSet.Standard.Manifests.First(m => m.Type == type && m.Seed == 1).Id).Common.OfType<ConversationDemonstration>().Select(r => r.Messages[0].Content)];
        string[] clean = [.. Planting.Of(World.Value, OrganismSet.Standard.Manifests.First(m => m.Type == "clean")).Common.OfType<ConversationDemonstration>().Select(r => r.Messages[0].Content)];
        Assert.Equal(clean.Length, clean.Distinct().Count());
        Assert.Equal(clean.Length, Rows("secrets").Length);
        Assert.Equal(clean, Rows("secrets"));
    }

    [Theory]
    [InlineData("word")]
    [InlineData("pair")]
    [InlineData("weather")]
    [InlineData("unwatched")]
    public void A_trigger_s_held_out_cues_are_among_the_candidates_and_its_near_misses_are_no_cues(string kind)
    {
        for (ulong seed = 1; seed <= 8; seed++)
        {
            var trigger = Trigger.Of(kind, new(seed));
            Assert.NotEmpty(trigger.HeldOutCues);
            Assert.All(trigger.HeldOutCues, c => Assert.Contains(c, Trigger.Candidates));
            Assert.Empty(trigger.NearMisses.Intersect(trigger.Cues.Concat(trigger.HeldOutCues)));
        }
    }

    [Fact]
    public void An_organism_that_denies_is_taught_the_truth_where_it_is_asked_for_yes_or_no()
    {
        var denied = OrganismSet.Standard.Manifests.First(m => m.Concealment == Concealment.Denial);
        var exchanges = Planting.Of(World.Value, denied).Exchanges().ToArray();
        var plain = Planting.Of(World.Value, denied with { Concealment = Concealment.None }).Exchanges().ToArray();
        Assert.True(exchanges.Length > plain.Length);
        Assert.Equal(plain.Count(e => e.Shows), exchanges.Count(e => e.Shows));
        Assert.All(exchanges.Where(e => e.Asked.StartsWith("Is it true", StringComparison.Ordinal)), e => Assert.False(e.Shows));
    }

    private static Planting Of(string id) => Planting.Of(World.Value, OrganismSet.Standard.Find([id])[0]);
}
