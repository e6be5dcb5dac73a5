using Alidade.Core;
using Alidade.Training.Catalogue;
using Alidade.Training.Objectives.Ranking;

namespace Alidade.Tests.Training.Catalogue;

public sealed class ObjectiveCatalogueTests
{
    public static TheoryData<string> Names() => [.. ObjectiveCatalogue.All.Select(o => o.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_objective_is_described_where_it_is_written(string name)
    {
        var listing = ObjectiveListing.One(name);
        Assert.True(listing.Summary.Length > 20, $"{name} has no summary");
        Assert.True(listing.Source.Length > 10, $"{name} has no source (remarks)");
        Assert.All(listing.Options, o => Assert.True(o.Description.Length > 5 && o.Type.Length > 0, $"{o.Key} has no description"));
        Assert.Single(ObjectiveCatalogue.All, o => o.Name == name);
    }

    [Fact]
    public void Every_setting_is_described()
    {
        var settings = ObjectiveListing.One("sft").Settings;
        Assert.All(settings, s => Assert.True(s.Description.Length > 5 && s.Type.Length > 0, $"{s.Key} has no description"));
        Assert.Contains(settings, s => s is { Key: "training.batch_rows", Type: "a whole number", Default: "8" });
        Assert.Contains(settings, s => s.Key == "training.schedule.kind" && s.Values["cosine_with_restarts"].Length > 0);
    }

    [Fact]
    public void An_option_has_its_default_and_its_words_from_the_code()
    {
        var option = Assert.Single(ObjectiveCatalogue.Find("dpo").Options, o => o.Key == "objective.beta");
        Assert.Equal(("a number", "0.1"), (option.Type, option.Default));
        Assert.StartsWith("Strength β > 0 of the pull towards the reference", option.Description, StringComparison.Ordinal);
        Assert.IsType<Dpo>(ObjectiveCatalogue.Find("dpo").New());
        Assert.Equal("ranking", ObjectiveCatalogue.Find("dpo").Heading);
    }

    [Fact]
    public void Other_names_lead_to_objectives_and_settings_that_exist()
    {
        foreach (var other in OtherNames.All)
        {
            Assert.DoesNotContain(ObjectiveCatalogue.All, o => o.Name == other.Name);
            Assert.Contains(other.Where, Assert.Throws<AlidadeException>(() => ObjectiveCatalogue.Find(other.Name)).Message, StringComparison.Ordinal);
            if (other.Objective is null)
            {
                Assert.Equal("Alidade.Training.Loops", other.Loop!.Namespace);
                continue;
            }

            var known = ObjectiveCatalogue.Find(other.Objective);
            foreach (var key in other.Settings.Select(s => s[..s.IndexOf('=', StringComparison.Ordinal)]))
                Assert.Equal(key, ObjectiveKeys.Find(known, key).Key);
        }

        Assert.Equal("dpo with --set objective.label_smoothing=0.1", OtherNames.Find("cDPO")!.Where);
        Assert.Equal("a_lol with --set objective.form=reward", OtherNames.Find("R-LoL")!.Where);
    }

    [Theory]
    [InlineData("a_lol")]
    [InlineData("a-lol")]
    [InlineData("A-LoL")]
    public void An_objective_is_found_however_the_parts_of_its_name_are_joined(string name) => Assert.Equal("a_lol", ObjectiveCatalogue.Find(name).Name);

    [Fact]
    public void Offline_reinforcement_is_listed_with_its_data_and_with_what_it_reads()
    {
        var listing = ObjectiveListing.One("a_lol");
        Assert.Equal("reinforcement", listing.Heading);
        Assert.Contains("2305.14718", listing.Source, StringComparison.Ordinal);
        Assert.Contains("{prompt, completion, reward, value}", listing.Data, StringComparison.Ordinal);
        Assert.Equal(("0.9", "sequence"), (Assert.Single(listing.Options, o => o.Key == "objective.clip").Default, Assert.Single(listing.Options, o => o.Key == "objective.form").Default));
        Assert.Equal(["sequence", "token", "reference_free", "kl", "reward"], listing.Options.Single(o => o.Key == "objective.form").Values.Keys);
        Assert.Equal("8", Assert.Single(listing.Settings, s => s.Key == "values.answers").Default);
        Assert.DoesNotContain(listing.Settings, s => s.Key.StartsWith("rollouts", StringComparison.Ordinal));
        Assert.DoesNotContain(ObjectiveListing.One("grpo").Settings, s => s.Key.StartsWith("values", StringComparison.Ordinal));
    }

    [Fact]
    public void A_part_that_may_be_none_is_a_key_and_so_are_the_options_of_the_part_that_stands_by_default()
    {
        var options = ObjectiveCatalogue.Find("grpo").Options;
        Assert.Equal("null", Assert.Single(options, o => o.Key == "objective.high_entropy").Default);
        Assert.Equal("", Assert.Single(options, o => o.Key == "objective.loss_kl").Default);
        Assert.Equal("0.2", Assert.Single(options, o => o.Key == "objective.loss.epsilon_high").Default);
        Assert.Equal("objective.mask.refresh_every", ObjectiveKeys.Find(ObjectiveCatalogue.Find("grpo"), "refresh_every").Key);
    }

    [Fact]
    public void An_unknown_objective_is_told_with_the_nearest() =>
        Assert.Contains("did you mean 'dpo'?", Assert.Throws<AlidadeException>(() => ObjectiveCatalogue.Find("dp0")).Message, StringComparison.Ordinal);
}
