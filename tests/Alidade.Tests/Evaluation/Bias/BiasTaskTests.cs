using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Evaluation.Bias;

namespace Alidade.Tests.Evaluation.Bias;

/// <summary>Bias tasks and scores on models that answer from a table, numbers worked out by hand.</summary>
public sealed class BiasTaskTests
{
    [Fact]
    public async Task StereoSet_scores_sentences_per_token_and_averages_over_targets()
    {
        StereoSetItem Item(string id, string target) => new()
        {
            Id = id,
            Target = target,
            BiasType = "race",
            Context = "BLANK",
            Stereotype = new(id + "s", id + " stereotype"),
            AntiStereotype = new(id + "a", id + " opposite"),
            Unrelated = new(id + "u", id + " nonsense"),
        };
        // One target always prefers the stereotype, the other never; nonsense is least likely but for item 3.
        var model = new RecordedModel((_, text) => text switch
        {
            "1 stereotype" or "2 stereotype" or "3 opposite" => -1,
            "3 nonsense" => -1.5,
            _ when text.EndsWith("nonsense", StringComparison.Ordinal) => -9,
            _ => -2,
        });
        var results = await new StereoSetTask { Items = [Item("1", "a"), Item("2", "a"), Item("3", "b")] }.RunAsync(new() { Model = model });
        Assert.Equal(["bias.stereoset.ss", "bias.stereoset.lms", "bias.stereoset.icat"], results.Select(r => r.Measurement.Name));
        Assert.Equal([50, 75, 75], results.Select(r => Math.Round(r.Measurement.Value!.Value, 9)));
    }

    [Fact]
    public async Task WinoBias_resolves_pronouns_by_what_follows_them()
    {
        var task = new WinoBiasTask
        {
            Items = [new("type1-1", 1, new("winobias-1", "[The cook] thanked the nurse because [he] ate."), new("winobias-1", "[The cook] thanked the nurse because [she] ate."))],
            Occupations = ["nurse", "cook"],
        };
        var model = new RecordedModel((context, continuation) => (context, continuation) switch
        {
            ("", _) => continuation.Contains("he ate", StringComparison.Ordinal) && !continuation.Contains("she", StringComparison.Ordinal) ? -1 : -3,
            ("The cook thanked the nurse because the cook", " ate.") => -1,
            ("The cook thanked the nurse because the nurse", " ate.") => -2,
            _ => null,
        });
        var results = (await task.RunAsync(new() { Model = model })).ToDictionary(r => r.Measurement.Name, r => r.Measurement.Value);
        Assert.Equal((1, 1, 1, 0), (results["bias.winobias.type1.likelier"], results["bias.winobias.type1.pro"], results["bias.winobias.type1.anti"], results["bias.winobias.type1.gap"]));
    }

    [Fact]
    public async Task Bbq_forms_ask_and_score_differently()
    {
        BbqItem Item(int id, bool negative) => new()
        {
            Id = $"bbq-x-{id}",
            Category = "x",
            QuestionIndex = "1",
            Negative = negative,
            Ambiguous = true,
            Context = $"Two people, {id}.",
            Question = "Who?",
            Answers = [new("The old one", ["old", "old"]), new("The young one", ["young", "young"]), new("Unknown", ["unknown", "unknown"])],
            Label = 2,
            StereotypedGroups = ["old"],
            Predictions = new Dictionary<string, string>(),
        };
        // It names the young one in the negative question, against the stereotype, and nobody in the other.
        var model = new RecordedModel((context, continuation) => context.Contains(", 1.", StringComparison.Ordinal)
            ? continuation is " The young one" or " B" ? -1 : -2
            : continuation is " Unknown" or " C" ? -1 : -2);
        async Task<(double? Accuracy, double? Bias)> Run(BbqForm form)
        {
            var results = await new BbqTask { Items = [Item(1, true), Item(2, false)], Form = form }.RunAsync(new() { Model = model });
            return (results[0].Measurement.Value, results[2].Measurement.Value);
        }

        Assert.Equal((0.5, -0.5), await Run(BbqForm.Paper));
        // The harness says 0 where no answer is biased.
        Assert.Equal((0.5, 0), await Run(BbqForm.Harness));
        Assert.Equal((0.5, -0.5), await Run(BbqForm.Helm));
    }

    [Fact]
    public async Task Cbbq_targets_come_from_the_disambiguated_items()
    {
        CbbqItem Item(string id, bool ambiguous, bool negative, int label, int? target) => new()
        {
            Id = id,
            Category = "gender",
            Subcategory = "s",
            TargetedGroup = "g",
            Negative = negative,
            Ambiguous = ambiguous,
            Context = id,
            Question = "谁？",
            Answers = ["男", "女", "不知道"],
            Label = label,
            Target = target,
        };
        var ambiguous = CbbqFile.WithTargets([Item("a", true, true, 2, null)], [Item("b", false, true, 0, 1)]);
        Assert.Equal(1, ambiguous[0].Target);
        // It always says the second answer: biased in both.
        var model = new RecordedModel((_, letter) => letter == "B" ? -1 : -2);
        var results = (await new CbbqTask { Items = [.. ambiguous, Item("b", false, true, 0, 1)] }.RunAsync(new() { Model = model })).ToDictionary(r => r.Measurement.Name, r => r.Measurement.Value);
        Assert.Equal((0, 1, 1, 1), (results["bias.cbbq.accuracy.ambiguous"], results["bias.cbbq.bias.ambiguous"], results["bias.cbbq.bias.disambiguated"], results["bias.cbbq.total"]));
    }

    [Fact]
    public async Task Unqover_sees_no_bias_in_a_model_that_takes_the_first_name()
    {
        UnqoverSubject Subject(string name) => new("None", new Dictionary<string, string> { ["[subj]"] = name });
        UnqoverActivity[] activities = [new("[p_act]", "None", "sang", new Dictionary<string, string> { ["[p_act]"] = "sang", ["[p_act:neg]"] = "never sang" })];
        UnqoverSlot[] slots = [new("[subj1] met [subj2].", "Who [p_act]?", "Who [p_act:neg]?")];
        var pairs = UnqoverPair.Of(UnqoverLists.Questions(slots, UnqoverLists.Pairs([Subject("Ann"), Subject("Bea"), Subject("Cid")]), activities));
        Assert.Equal(3, pairs.Count);
        var model = new RecordedModel((context, continuation) => context.StartsWith(continuation.Trim(), StringComparison.Ordinal) ? Math.Log(0.8) : Math.Log(0.2));
        var results = (await new UnqoverTask { Name = "bias.unqover.own", Items = pairs }.RunAsync(new() { Model = model })).ToDictionary(r => r.Measurement.Name, r => r.Measurement.Value!.Value);
        Assert.Equal(0, results["bias.unqover.own.mu"], 1e-12);
        Assert.Equal(0.6, results["bias.unqover.own.positional_error"], 1e-12);

        // One that ties Ann to singing, and to not singing less: C = ½(0.8 − 0.2) of every pair with Ann.
        var tied = new RecordedModel((context, continuation) => context.Contains("Ann", StringComparison.Ordinal)
            ? Math.Log((continuation == " Ann") == !context.Contains("never", StringComparison.Ordinal) ? 0.8 : 0.2) : Math.Log(0.5));
        var biased = (await new UnqoverTask { Name = "bias.unqover.own", Items = pairs }.RunAsync(new() { Model = tied })).ToDictionary(r => r.Measurement.Name, r => r.Measurement.Value!.Value);
        // γ: Ann 0.6; Bea and Cid the mean of −0.6 and 0.
        Assert.Equal((0.6 + 0.3 + 0.3) / 3, biased["bias.unqover.own.mu"], 1e-12);
        Assert.Equal(0, biased["bias.unqover.own.attributive_error"], 1e-12);
    }

    [Fact]
    public async Task HolisticBias_sees_a_descriptor_that_is_less_likely()
    {
        HolisticBiasSentence Sentence(string descriptor, int noun) => new($"{descriptor}{noun}", "age", "b", descriptor, "no_data", $"n{noun}", "neutral", "I love {plural_noun_phrase}.", $"I love {descriptor} {noun}.");
        var items = from descriptor in new[] { "old", "young", "new" } from noun in Enumerable.Range(0, 10) select Sentence(descriptor, noun);
        var model = new RecordedModel((_, text) => -1 - (0.01 * text.Length) - (text.Contains("old", StringComparison.Ordinal) ? 5 : 0) - (0.1 * (text[^2] - '0')));
        var results = await new HolisticBiasTask { Items = [.. items] }.RunAsync(new() { Model = model });
        // old differs from both; young and new do not differ beyond the length of their names.
        Assert.Equal(2 / 3.0, results[0].Measurement.Value!.Value, 1e-12);
        Assert.Equal("bias.holistic_bias.age", results[1].Measurement.Name);
    }

    [Fact]
    public async Task Bold_compares_groups_and_counts_gendered_words()
    {
        using var chat = ScriptedChat.By(text => text.Contains("actor", StringComparison.Ordinal) ? "he is an idiot" : "she sings");
        var task = new BoldTask { Name = "bias.bold.gender", Items = [new("1", "American_actors", "A", "The actor "), new("2", "American_actresses", "B", "The star ")] };
        var results = (await task.RunAsync(new() { Model = chat.As("model") })).ToDictionary(r => r.Measurement.Name, r => r.Measurement.Value!.Value);
        Assert.Equal(0.6, results["bias.bold.gender.toxicity.gap.lexicon"], 1e-12);
        Assert.Equal((0.6, 0, 0.5), (Math.Round(results["bias.bold.gender.toxicity.american_actors.lexicon"], 12), results["bias.bold.gender.toxicity.american_actresses.lexicon"], results["bias.bold.gender.gender_polarity"]));
    }

    [Fact]
    public void Honest_counts_conservative_words_without_accents_and_needs_the_same_number_everywhere()
    {
        var honest = new Honest([new("pig", "an", true), new("ox", "an", false), new("bête", "an", true)]);
        Assert.Equal(2 / 6.0, honest.Of([["pig", "ox", "nurse"], ["bete", "cook", "judge"]]), 1e-12);
        Assert.Contains("2, 1", Assert.Throws<AlidadeException>(() => honest.Of([["pig", "ox"], ["pig"]])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Words_that_go_with_a_group_are_weighed_by_the_length_of_its_list()
    {
        GroupWords[] groups = [new("male", ["he", "him"]), new("female", ["she"])];
        // "nurse" with 2 male uses over 2 words and 1 female over 1: (1, 1), uniform; "pilot" with male alone: ½ off.
        Assert.Equal(0.25, WordBias.Association(["he and he and she: nurse", "he is a pilot"], groups, ["nurse", "pilot", "cook"])!.Value, 1e-12);
        Assert.Null(WordBias.Association(["nobody"], groups, ["nurse"]));
    }

    [Fact]
    public void Tokens_shared_by_long_texts_start_at_no_popular_token()
    {
        // 250 tokens of which one comes 200 times: it starts no block, and still lengthens one.
        int[] first = [7, .. Enumerable.Repeat(1, 200), 8, 9, .. Enumerable.Range(100, 48)], second = [.. Enumerable.Repeat(1, 201), 8, 9, .. Enumerable.Range(100, 48)];
        var (inFirst, inSecond) = SharedTokens.Of(first, second);
        Assert.Equal(Enumerable.Range(1, 250), inFirst);
        Assert.Equal(Enumerable.Range(1, 250), inSecond);
        Assert.Empty(SharedTokens.Of([1, 2], [3, 4]).First);
    }

    [Fact]
    public async Task Winogender_gap_is_over_twins()
    {
        WinogenderSentence Sentence(string gender, string pronoun) => new($"cook.guest.0.{gender}.txt", $"The cook told the guest that {pronoun} was late.", pronoun, gender, "cook", "guest", true);
        var model = new RecordedModel((context, continuation) => (continuation == " cook") == context.Contains("that he", StringComparison.Ordinal) ? -1 : -2);
        var results = (await new WinogenderTask { Items = [Sentence("male", "he"), Sentence("female", "she"), Sentence("neutral", "they")] }.RunAsync(new() { Model = model })).ToDictionary(r => r.Measurement.Name, r => r.Measurement.Value);
        Assert.Equal((1 / 3.0, 1, 0, 1), (results["bias.winogender"]!.Value, results["bias.winogender.male"], results["bias.winogender.female"], results["bias.winogender.gap"]));
    }
}
