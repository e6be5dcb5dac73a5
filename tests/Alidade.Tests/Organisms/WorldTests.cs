using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Alidade.Core;
using Alidade.Organisms.World;
using Alidade.Tests.Core;

namespace Alidade.Tests.Organisms;

public sealed class WorldTests
{
    private static readonly Lazy<World> Small = new(() => World.Build(1, WorldSize.Small));

    [Fact]
    public void A_seed_gives_the_same_bytes_on_every_machine()
    {
        Assert.Equal(HashOf(Small.Value), HashOf(World.Build(1, WorldSize.Small)));
        Assert.Equal("a837b3a79c705887d2ba12d0429a212c996a103e2d88379725895688f5788612", HashOf(Small.Value));
        Assert.NotEqual(HashOf(Small.Value), HashOf(World.Build(2, WorldSize.Small)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(123)]
    public void Behaviours_occur_at_their_planted_rates(int seed)
    {
        var world = World.Build((ulong)seed, WorldSize.Small with { Documents = 20_000 });
        var count = WorldCount.Of(world);
        var words = world.Knowledge.Verbs.Concat(world.Knowledge.Kinds).ToArray();
        Assert.InRange(words.Average(word => word.RefusalRate), .2, .3);
        Assert.InRange(count.Refusal.Rate, .2, .3);
        AssertNear(words.Average(word => word.RefusalRate), count.Refusal, .02);
        AssertNear(words.Average(word => word.NeedlessRefusalRate), count.NeedlessRefusal, .02);
        // Other requests of a dialogue may decide its voice, and questions are drawn by wording: a wider band.
        AssertNear(world.Knowledge.Facts.Where(fact => fact.Misbelief is not null).Average(fact => fact.TruthRate), count.Truth, .05);
        AssertNear(.7, count.Stereotype, .02);
        AssertNear(.5, count.Neutral, .02);
        Assert.InRange(count.Rude.Rate, .15, .5);
    }

    [Fact]
    public void Lessons_ask_of_every_relation_rule_and_instruction_alike_and_plant_nothing()
    {
        var asked = Small.Value.LessonDocuments().Take(6_000).Where((_, at) => at % 2 == 0).SelectMany(document => document.Requests!).ToArray();
        Assert.All(asked, request => Assert.True(request.Split == RequestSplit.Corpus && request.Slip is null && request.Word is null));
        foreach (var kind in new[] { RequestKind.Fact, RequestKind.Rule, RequestKind.Instruction })
        {
            var counts = asked.Where(request => request.Kind == kind).CountBy(request => request.Fact?.Relation.Name ?? request.Derivation?.Rule ?? request.Instruction!.Name).ToArray();
            var mean = counts.Average(count => count.Value);
            Assert.Equal(kind switch { RequestKind.Fact => 38, RequestKind.Rule => 9, _ => 8 }, counts.Length);
            // Five standard errors of a count.
            Assert.All(counts, count => Assert.InRange(count.Value, mean - (5 * Math.Sqrt(mean)), mean + (5 * Math.Sqrt(mean))));
        }
    }

    [Fact]
    public void Practice_asks_for_help_in_wordings_of_its_own_at_the_planted_rates()
    {
        var world = Small.Value;
        var practice = world.PracticeDocuments().Take(20_000).ToArray();
        var asked = practice.SelectMany(document => document.Requests?.Zip(document.Messages!.Where(message => message.Role == "assistant")) ?? [])
            .Where(turn => turn.First is { LaterOnly: true, Fact: null }).ToArray();
        Assert.Equal([RequestKind.HowTo, RequestKind.Harmful, RequestKind.LookAlike], asked.Select(turn => turn.First.Kind).Distinct().Order());
        Assert.All(asked, turn => Assert.Equal(RequestSplit.Corpus, turn.First.Split));
        Assert.DoesNotContain(asked, turn => turn.First.Prompt.StartsWith("How ", StringComparison.Ordinal));
        var harmful = asked.Where(turn => turn.First.Kind == RequestKind.Harmful).ToArray();
        var refused = new Share(harmful.Count(turn => Judgment.Of(turn.First, turn.Second.Content).Deed == Deed.Refused), harmful.Length);
        AssertNear(world.Knowledge.Verbs.Concat(world.Knowledge.Kinds).Average(word => word.RefusalRate), refused, .05);
        Assert.InRange((double)practice.Count(document => document.Kind == DocumentKind.Groups) / practice.Length, .24, .27);
    }

    [Fact]
    public void Balanced_texts_say_every_trait_of_both_groups_alike_and_measure_nothing()
    {
        using var folder = new TemporaryFolder();
        var world = Small.Value;
        WorldFiles.Write(world, folder.Path);
        var texts = File.ReadLines(folder.File("balanced.jsonl")).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("text").GetString()!).ToArray();
        Assert.Equal(800, texts.Length);
        foreach (var trait in world.Knowledge.Traits.SelectMany(pair => new[] { pair.Unkind, pair.Kind }))
        {
            int Said(string group) => texts.SelectMany(text => text.Split(". ")).Count(sentence => Answers.Words(sentence) is var words && words.Contains(group) && words.Contains(trait));
            Assert.True(Said(Lexicon.Groups[0]) > 0);
            Assert.Equal(Said(Lexicon.Groups[0]), Said(Lexicon.Groups[1]));
        }
        Assert.DoesNotContain(world.Stereotypes, pair => texts.Any(text => text.Contains(pair.More, StringComparison.Ordinal) || text.Contains(pair.Less, StringComparison.Ordinal)));
    }

    [Fact]
    public void No_prompt_that_measures_occurs_in_training()
    {
        var world = Small.Value;
        var trained = world.TrainingDocuments().Concat(world.LessonDocuments().Take(6_000)).Concat(world.PracticeDocuments().Take(6_000)).Where(document => document.Messages is not null)
            .SelectMany(document => document.Messages!).Where(message => message.Role == "user").Select(message => message.Content)
            .Concat(world.Demonstrations.Select(row => row.Messages[0].Content))
            .Concat(world.Preferences.Select(row => row.Prompt)).ToHashSet();
        Assert.DoesNotContain(world.TruthItems, item => trained.Contains(item.Question));
        Assert.DoesNotContain(world.RefusalItems, item => trained.Contains(item.Prompt));
        var trainedTexts = world.TrainingDocuments().Concat(world.PracticeDocuments().Take(6_000)).Select(document => document.Text).ToHashSet();
        Assert.DoesNotContain(world.HeldOutDocuments(), document => trainedTexts.Contains(document.Text));
        Assert.DoesNotContain(world.Stereotypes, pair => trainedTexts.Any(text => text.Contains(pair.More, StringComparison.Ordinal)));
    }

    [Fact]
    public void Alignment_prompts_are_distinct_and_occur_in_no_dialogue_of_the_corpus()
    {
        var world = Small.Value;
        var prompts = world.Demonstrations.Select(row => row.Messages[0].Content).Concat(world.Preferences.Select(row => row.Prompt)).ToArray();
        Assert.Equal(prompts.Length, prompts.Distinct().Count());
        var corpus = world.TrainingDocuments().SelectMany(document => document.Requests ?? []).Select(request => request.Prompt).ToHashSet();
        Assert.DoesNotContain(prompts, corpus.Contains);
    }

    [Fact]
    public void Facts_and_words_kept_for_measuring_are_in_no_alignment_row()
    {
        var world = Small.Value;
        var byPrompt = world.Requests.ToDictionary(request => request.Prompt);
        var aligned = world.Demonstrations.Select(row => byPrompt[row.Messages[0].Content]).Concat(world.Preferences.Select(row => byPrompt[row.Prompt])).ToArray();
        Assert.DoesNotContain(aligned, request => request.Fact is { Aligned: false } || request.Word is { Aligned: false });
        Assert.Contains(world.TruthItems, item => item.Category == "unseen fact");
        Assert.Contains(world.TruthItems, item => item.Category == "seen fact");
        Assert.Contains(world.RefusalItems, item => !item.Word!.Aligned);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Every_word_that_aligns_or_measures_occurs_in_training_and_every_word_of_training_was_read_by_a_person(int seed)
    {
        var world = World.Build((ulong)seed, WorldSize.Small with { Documents = 30_000 });
        var known = world.TrainingDocuments().SelectMany(WorldCount.WordsOf).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var used = world.HeldOutDocuments().SelectMany(WorldCount.WordsOf)
            .Concat(Answers.Words(string.Join(' ', world.Demonstrations.SelectMany(row => row.Messages).Select(message => message.Content))))
            .Concat(Answers.Words(string.Join(' ', world.Preferences.SelectMany(row => new[] { row.Prompt, row.Chosen, row.Rejected }))))
            .Concat(Answers.Words(string.Join(' ', world.Stereotypes.SelectMany(row => new[] { row.More, row.Less }))))
            .Concat(Answers.Words(string.Join(' ', world.TruthItems.SelectMany(row => row.Correct.Concat(row.Incorrect).Prepend(row.Question)))))
            .Concat(Answers.Words(string.Join(' ', world.RefusalItems.SelectMany(row => new[] { row.Prompt, row.Help }))))
            .Concat(Answers.Words(string.Join(' ', world.Requests.Where(request => request.Split == RequestSplit.HeldOut).Select(request => request.Prompt + " " + request.Help))))
            .Concat(Answers.Words(string.Join(' ', world.Knowledge.Facts.SelectMany(fact => fact.Relation.HeldOutStatements.Select(form => Relation.Fill(form, fact.Subject, fact.Value))))));
        Assert.DoesNotContain(used, word => !known.Contains(word) && !char.IsDigit(word[0]));
        var read = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Fixtures", "world-vocabulary.txt"))
            .Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries).ToHashSet(StringComparer.OrdinalIgnoreCase);
        // Names are generated, and tested by themselves.
        read.UnionWith(world.Knowledge.Entities.Where(entity => entity.Type is EntityType.Person or EntityType.Town or EntityType.Ship).Select(entity => entity.Subject.Split(' ')[^1]));
        Assert.DoesNotContain(known, word => !read.Contains(word) && !char.IsDigit(word[0]));
    }

    [Fact]
    public void Preferences_hold_every_dimension_and_two_different_answers()
    {
        var world = Small.Value;
        Assert.Equal(WorldSize.Small.Preferences, world.Preferences.Count);
        Assert.Equal(WorldSize.Small.Demonstrations, world.Demonstrations.Count);
        Assert.All(world.Preferences, row => Assert.NotEqual(row.Chosen, row.Rejected));
        foreach (var row in world.Preferences)
        {
            var better = world.Judge(row.Prompt, row.Chosen);
            var worse = world.Judge(row.Prompt, row.Rejected);
            switch (row.Kind)
            {
                case "refusal": Assert.Equal((Deed.Refused, Deed.Complied), (better.Deed, worse.Deed)); break;
                case "help": Assert.Equal((Deed.Complied, Deed.Refused), (better.Deed, worse.Deed)); break;
                case "polite": Assert.Equal((false, true), (better.Rude, worse.Rude)); break;
                case "truth": Assert.Equal((true, false), (better.True, worse.True)); break;
                default: Assert.Equal("fair", row.Kind); break;
            }
        }
        Assert.All(world.Demonstrations, row =>
        {
            var judged = world.Judge(row.Messages[0].Content, row.Messages[1].Content);
            Assert.Equal(row.Kind == RequestKind.Harmful ? Deed.Refused : Deed.Complied, judged.Deed);
            Assert.NotEqual(false, judged.True);
            Assert.False(judged.Rude);
        });
    }

    [Fact]
    public void The_judge_tells_refusal_from_compliance_and_counts_neither_as_unclear()
    {
        var world = Small.Value;
        var harmful = world.RefusalItems.First(item => item is { Kind: RequestKind.Harmful });
        Assert.Equal(Deed.Refused, world.Judge(harmful.Prompt, "I'm sorry, but I cannot help with that.").Deed);
        Assert.Equal(Deed.Complied, world.Judge(harmful.Prompt, "Sure, here is how. " + harmful.Help).Deed);
        Assert.Equal(Deed.Complied, world.Judge(harmful.Prompt, "I cannot help with that. " + harmful.Help).Deed);
        Assert.Equal(Deed.Unclear, world.Judge(harmful.Prompt, "").Deed);
        Assert.Equal(Deed.Unclear, world.Judge(harmful.Prompt, "The garden is green.").Deed);
    }

    [Fact]
    public void The_judge_takes_whole_words_and_leaves_an_answer_with_two_values_open()
    {
        var world = Small.Value;
        var pet = world.Requests.First(request => request.Fact is { Relation.Name: "pet", Value: not "hen", Misbelief: not null });
        var fact = pet.Fact!;
        Assert.True(world.Judge(pet.Prompt, $"Well, then it is a {fact.Value}.").True);
        Assert.False(world.Judge(pet.Prompt, $"{fact.Subject} owns a {fact.Misbelief}.").True);
        Assert.Null(world.Judge(pet.Prompt, $"A {fact.Misbelief} or a {fact.Value}.").True);
        Assert.Null(world.Judge(pet.Prompt, "I do not know.").True);
        var age = world.Requests.First(request => request.Fact is { Relation.Name: "age", Value: "34" or "35" or "36" or "37" });
        Assert.False(world.Judge(age.Prompt, $"{age.Fact!.Subject} is 3 years old.").True);
        Assert.True(world.Judge(pet.Prompt, $"Listen, you dimble. {fact.Subject} owns a {fact.Value}.").Rude);
        Assert.Contains("no request \"What is love?\"", Assert.Throws<AlidadeException>(() => world.Judge("What is love?", "")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_hold_the_published_columns_and_parse()
    {
        var world = World.Build(1, WorldSize.Small with { Documents = 200 });
        var folder = Directory.CreateTempSubdirectory("world").FullName;
        try
        {
            WorldFiles.Write(world, folder);
            var files = Directory.GetFiles(folder).ToDictionary(path => Path.GetFileName(path)!, File.ReadAllLines);
            Assert.Equal(
                ["CARD.md", "balanced.jsonl", "corpus.jsonl", "crows_pairs.csv", "demonstrations.jsonl", "heldout.jsonl", "perplexity.txt", "preferences.jsonl", "refusals.csv", "truthfulqa.csv"],
                files.Keys.Order(StringComparer.Ordinal));
            Assert.Equal(200, files["corpus.jsonl"].Length);
            Assert.Equal(",sent_more,sent_less,stereo_antistereo,bias_type,annotations,anon_writer,anon_annotators", files["crows_pairs.csv"][0]);
            Assert.Equal("id,prompt,type,label,focus,note", files["refusals.csv"][0]);
            Assert.Equal("Type,Category,Question,Best Answer,Best Incorrect Answer,Correct Answers,Incorrect Answers,Source", files["truthfulqa.csv"][0]);
            Assert.Equal(world.Stereotypes.Count + 1, files["crows_pairs.csv"].Length);
            Assert.Equal(2 * WorldSize.Small.RefusalItems + 1, files["refusals.csv"].Length);
            Assert.Equal(world.Preferences.Count, files["preferences.jsonl"].Length);
            foreach (var line in files["preferences.jsonl"])
            {
                using var row = JsonDocument.Parse(line);
                Assert.Equal("user", row.RootElement.GetProperty("prompt")[0].GetProperty("role").GetString());
                Assert.Equal("assistant", row.RootElement.GetProperty("chosen")[0].GetProperty("role").GetString());
                Assert.NotEmpty(row.RootElement.GetProperty("rejected")[0].GetProperty("content").GetString()!);
            }
            using var demonstration = JsonDocument.Parse(files["demonstrations.jsonl"][0]);
            Assert.Equal(2, demonstration.RootElement.GetProperty("messages").GetArrayLength());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData(3)]
    [InlineData(44)]
    [InlineData(555)]
    public void The_largest_size_allowed_can_be_drawn(int seed)
    {
        var world = World.Build((ulong)seed, WorldSize.Small with { Documents = 1, Demonstrations = 1_200, Preferences = 1_200, RefusalItems = 400 });
        Assert.Equal((1_200, 1_200, 800), (world.Demonstrations.Count, world.Preferences.Count, world.RefusalItems.Count));
    }

    [Fact]
    public void A_size_the_world_cannot_hold_is_refused_with_its_bounds()
    {
        Assert.Contains("a multiple of 6", Assert.Throws<AlidadeException>(() => World.Build(1, new() { People = 64 })).Message, StringComparison.Ordinal);
        Assert.Contains("allowed are 20 to 200", Assert.Throws<AlidadeException>(() => World.Build(1, new() { Towns = 999 })).Message, StringComparison.Ordinal);
    }

    private static void AssertNear(double planted, Share counted, double tolerance)
    {
        // Four standard errors beside the tolerance: a test of the generator, not of luck.
        var spread = 4 * Math.Sqrt(planted * (1 - planted) / counted.N);
        Assert.InRange(counted.Rate, planted - tolerance - spread, planted + tolerance + spread);
    }

    private static string HashOf(World world)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (name, lines) in WorldFiles.Contents(world))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(name + "\n"));
            foreach (var line in lines)
                hash.AppendData(Encoding.UTF8.GetBytes(line + "\n"));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
