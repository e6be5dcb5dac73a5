using System.Text.RegularExpressions;
using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Statistics.Agreement;
using Alidade.Tests.Golden;

namespace Alidade.Tests.Core.Data;

/// <summary>The published files on bias, toxicity and ethics where they are at hand, and their columns in small.</summary>
public sealed partial class HarmFileTests
{
    internal static string Published(string name)
    {
        var path = Path.Combine(GoldenFolder.Data, name);
        if (!File.Exists(path) && !Directory.Exists(path))
            Assert.Skip($"the published file {name} is absent");
        return path;
    }

    [Fact]
    public void Ethics_has_its_published_rows()
    {
        Assert.Equal(3885, EthicsFiles.ReadCommonsense(Published("ethics/commonsense/cm_test.csv")).Rows.Count);
        Assert.Equal(3596, EthicsFiles.ReadDeontology(Published("ethics/deontology/deontology_test.csv")).Rows.Count);
        Assert.Equal(2704, EthicsFiles.ReadJustice(Published("ethics/justice/justice_test.csv")).Rows.Count);
        var virtue = EthicsFiles.ReadVirtue(Published("ethics/virtue/virtue_test.csv")).Rows;
        Assert.Equal((4975, "trustful"), (virtue.Count, virtue[0].Detail));
        // No header line: its first row is one.
        var pairs = EthicsFiles.ReadUtilitarianism(Published("ethics/utilitarianism/util_test.csv")).Rows;
        Assert.Equal(4808, pairs.Count);
        Assert.StartsWith("I applied to adopt", pairs[0].Better, StringComparison.Ordinal);
    }

    [Fact]
    public void The_groups_of_exact_match_share_a_scenario()
    {
        var deontology = EthicsFiles.ReadDeontology(Published("ethics/deontology/deontology_test.csv")).Rows;
        Assert.All(deontology.Chunk(4), g => Assert.Single(g.Select(i => i.Scenario).Distinct()));
        var virtue = EthicsFiles.ReadVirtue(Published("ethics/virtue/virtue_test.csv")).Rows;
        Assert.All(virtue.Chunk(5), g => Assert.Equal(1, g.Sum(i => i.Label)));
    }

    [Fact]
    public void MoralChoice_has_its_published_rows_and_templates()
    {
        Assert.Equal(687, MoralChoiceFiles.ReadScenarios(Published("moralchoice/scenarios/moralchoice_low_ambiguity.csv")).Rows.Count(s => s.LowAmbiguity));
        Assert.Equal(680, MoralChoiceFiles.ReadScenarios(Published("moralchoice/scenarios/moralchoice_high_ambiguity.csv")).Rows.Count(s => !s.LowAmbiguity));
        foreach (var (name, form) in new[] { ("ab", MoralQuestionForm.AOrB), ("repeat", MoralQuestionForm.Repeat), ("compare", MoralQuestionForm.Compare) })
            Assert.Equal(form, MoralChoiceFiles.ReadTemplate(Published($"moralchoice/question_templates/{name}.json"), Published($"moralchoice/response_templates/{name}.json")).Form);
        Assert.DoesNotContain("", MoralChoiceFiles.ReadRefusals(Published("moralchoice/response_templates/refusals.txt")));
    }

    [Fact]
    public void Cold_has_its_published_labels()
    {
        var rows = HateSpeechFiles.ReadCold(Published("cold/test.csv")).Rows;
        Assert.Equal(5323, rows.Count);
        Assert.Equal((2548, 1819, 668, 288), (Count(false, 0), Count(true, 2), Count(false, 3), Count(true, 1)));
        int Count(bool offensive, int fine) => rows.Count(r => r.Offensive == offensive && r.Fine == fine);
    }

    [Fact]
    public void HateCheck_has_its_published_cases_and_annotators_agree_with_them()
    {
        var cases = HateSpeechFiles.ReadHateCheck(Published("hatecheck/test_suite_cases.csv")).Rows;
        Assert.Equal((3728, 2563, 29), (cases.Count, cases.Count(c => c.Hateful), cases.Select(c => c.Functionality).Distinct().Count()));
        var votes = HateSpeechFiles.ReadHateCheckVotes(Published("hatecheck/test_suite_annotations.csv")).Rows;
        Assert.Equal(3728, votes.Count);
        Assert.All(votes, v => Assert.Equal(5, v.Votes.Count));
        Assert.All(votes, v => Assert.Equal(v.Gold, v.Majority));
        Assert.All(votes, v => Assert.Equal(v.Majority, v.Votes.Count(h => h) > 2));
        Assert.Equal(.939, FleissKappa.Of([.. votes.Select(v => (IReadOnlyList<int>)[.. v.Votes.Select(h => h ? 1 : 0)])], 2).Value, 5e-4);
    }

    [Fact]
    public void Davidson_has_its_published_classes_and_its_n_grams_end_in_carriage_returns()
    {
        var rows = HateSpeechFiles.ReadDavidson(Published("davidson_hate_speech/labeled_data.csv")).Rows;
        Assert.Equal((24783, 1430, 19190, 4163), (rows.Count, rows.Count(r => r.Class == 0), rows.Count(r => r.Class == 1), rows.Count(r => r.Class == 2)));
        Assert.Contains(rows, r => r.Text.Contains('\n', StringComparison.Ordinal));
        var ngrams = HateSpeechFiles.ReadNgrams(Published("davidson_hate_speech/refined_ngram_dict.csv"));
        Assert.Equal(178, ngrams.Count);
        Assert.All(ngrams.Values, w => Assert.InRange(w, 0, 1));
    }

    [Fact]
    public void StereoSet_has_its_published_items()
    {
        var race = StereoSetFile.Read(Published("stereoset/intrasentence_dev/race_test.json")).Rows;
        Assert.Equal((962, 36), (race.Count, race.Select(r => r.Target).Distinct().Count()));
        Assert.Equal(79, StereoSetFile.Read(Published("stereoset/intrasentence_dev/religion_test.json")).Rows.Count);
    }

    [Fact]
    public void Bbq_and_Cbbq_have_their_published_rows()
    {
        foreach (var (category, count) in new[] { ("Physical_appearance", 1576), ("Religion", 1200), ("Sexual_orientation", 864) })
        {
            var rows = BbqFile.Read(Published($"bbq/data/{category}.jsonl")).Rows;
            Assert.Equal(count, rows.Count);
            Assert.All(rows, r => Assert.Single(r.Answers, a => a.IsUnknown));
            Assert.All(rows.Where(r => r.Ambiguous), r => Assert.True(r.Answers[r.Label].IsUnknown));
        }

        foreach (var (category, ambiguous, disambiguous) in new[] { ("gender", 1534, 1838), ("disease", 586, 586) })
        {
            var unclear = CbbqFile.Read(Published($"cbbq/{category}/ambiguous/ambiguous.json")).Rows;
            var clear = CbbqFile.Read(Published($"cbbq/{category}/disambiguous/disambiguous.json")).Rows;
            Assert.Equal((ambiguous, disambiguous), (unclear.Count, clear.Count));
            // The targeted group is the second answer in one category and the first in the other.
            Assert.All(CbbqFile.WithTargets(unclear, clear), i => Assert.Equal(category == "gender" ? 1 : 0, i.Target));
        }

        Assert.Equal(586, CbbqFile.Read(Published("cbbq/disease/ambiguous/ambiguous.csv")).Rows.Count);
    }

    [Fact]
    public void WinoBias_has_its_published_sentences()
    {
        var different = 0;
        foreach (var type in new[] { 1, 2 })
            foreach (var split in new[] { "dev", "test" })
            {
                var pro = WinoBiasFile.Read(Published($"winobias/pro_stereotyped_type{type}.txt.{split}")).Rows;
                var anti = WinoBiasFile.Read(Published($"winobias/anti_stereotyped_type{type}.txt.{split}")).Rows;
                Assert.Equal((396, 396), (pro.Count, anti.Count));
                different += pro.Zip(anti).Count(p => Pronouns().Replace(p.First.Bracketed, "#") != Pronouns().Replace(p.Second.Bracketed, "#"));
            }

        Assert.Equal(23, different);
        Assert.Equal(40, WinoBiasFile.ReadOccupations(Published("winobias/male_occupations.txt"), Published("winobias/female_occupations.txt")).Count);
    }

    [Theory]
    [InlineData("gender", 3204)]
    [InlineData("race", 7657)]
    [InlineData("profession", 10195)]
    [InlineData("religious_ideology", 639)]
    [InlineData("political_ideology", 1984)]
    public void Bold_has_its_published_prompts(string domain, int prompts) => Assert.Equal(prompts, BoldFile.Read(Published($"bold/prompts/{domain}_prompt.json")).Rows.Count);

    [Fact]
    public void HolisticBias_makes_over_400_000_sentences_of_13_axes()
    {
        var folder = Published("holistic_bias/v1.1");
        Assert.Equal(13, HolisticBiasFiles.ReadDescriptors(Path.Combine(folder, "descriptors.json")).Select(d => d.Axis).Distinct().Count());
        var sentences = HolisticBiasFiles.Read(Path.Combine(folder, "descriptors.json"), Path.Combine(folder, "nouns.json"), Path.Combine(folder, "sentence_templates.json"), Path.Combine(folder, "standalone_noun_phrases.json")).Rows;
        Assert.InRange(sentences.Count, 400_000, 600_000);
        Assert.Contains(sentences, s => s.Text == "I love Deaf women." && s.Axis == "ability");
        Assert.Contains(sentences, s => s.Text == "Hi! I'm an autistic individual.");
        // The readme counts 769; by the generator's own texts there are 770.
        Assert.Equal(770, sentences.Where(s => s.Axis != "null").Select(s => s.Descriptor).Distinct().Count());
        Assert.DoesNotContain(sentences, s => s.Text.Contains('{', StringComparison.Ordinal));
    }

    [Fact]
    public void Unqover_questions_read_as_the_authors()
    {
        var folder = Published("unqover/word_lists");
        var countries = UnqoverLists.ReadSubjects(Path.Combine(folder, "nouns/subjects/country"));
        Assert.Contains(countries, c => c.Name == "Afghanistan" && c.Forms["[subj:dem]"] == "Afghan");
        var demo = UnqoverLists.Questions(
            UnqoverLists.ReadSlots(Path.Combine(folder, "slots/gender_demo")),
            UnqoverLists.Pairs(UnqoverLists.ReadSubjects(Path.Combine(folder, "nouns/subjects/female_demo")), UnqoverLists.ReadSubjects(Path.Combine(folder, "nouns/subjects/male_demo"))),
            UnqoverLists.ReadActivities(Path.Combine(folder, "activities/occupation_demo"))).ToArray();
        Assert.Equal(2, demo.Length);
        var second = demo.Single(q => q.First == "Justin");
        Assert.StartsWith("The person over the swing is Justin. Sitting by the side is ", second.Context, StringComparison.Ordinal);
        Assert.Equal(("Who was a bodyguard?", "Who can never be a bodyguard?"), (second.Question, second.Negated));
        var religion = UnqoverLists.Questions(
            UnqoverLists.ReadSlots(Path.Combine(folder, "slots/religion_noact")),
            UnqoverLists.Pairs(UnqoverLists.ReadSubjects(Path.Combine(folder, "nouns/subjects/religion"))).Take(12),
            UnqoverLists.ReadActivities(Path.Combine(folder, "activities/biased_religion"))).ToArray();
        Assert.NotEmpty(religion);
        Assert.All(religion, q => Assert.DoesNotContain("[", q.Context + q.Question + q.Negated, StringComparison.Ordinal));
        Assert.Contains(religion, q => q.Context.Contains("an Atheist", StringComparison.Ordinal));
        Assert.DoesNotContain(religion, q => q.Context.Contains("a Atheist", StringComparison.Ordinal));
    }

    [Fact]
    public void SafetyBench_has_its_published_options_and_answers()
    {
        var rows = SafetyBenchFile.Read(Published("safetybench/test_zh_subset.json"), Published("safetybench/test_answers_zh_subset.json")).Rows;
        Assert.Equal((2100, 7), (rows.Count, rows.Select(r => r.Category).Distinct().Count()));
        Assert.Equal([887, 107, 1106], new[] { 2, 3, 4 }.Select(n => rows.Count(r => r.Options.Count == n)));
        Assert.Equal([694, 798, 339, 269], new[] { 0, 1, 2, 3 }.Select(n => rows.Count(r => r.Answer == n)));
    }

    [Fact]
    public void ToxiGen_and_RealToxicityPrompts_lists_have_their_lines()
    {
        var hate = PromptLists.ReadToxiGen(Published("toxigen/prompts/hate_women_1k.txt")).Rows;
        Assert.Equal(1000, hate.Count);
        Assert.All(hate, p => Assert.EndsWith("\n-", p.Text, StringComparison.Ordinal));
        Assert.Equal(100, PromptLists.Read(Published("realtoxicityprompts_sample/rtp_insult.txt")).Rows.Count);
    }

    [Fact]
    public void Winogenerated_has_its_sentences()
    {
        var rows = WinogeneratedFile.Read(Published("model_written_evals/winogenerated/winogenerated_examples.jsonl")).Rows;
        Assert.Equal(2990, rows.Count);
        Assert.All(rows, r => Assert.Equal(3, r.Pronouns.Count));
    }

    [Fact]
    public void Winogender_ids_tell_occupation_participant_answer_and_gender()
    {
        using var folder = new TemporaryFolder();
        var row = Assert.Single(WinogenderFile.Read(folder.Write("x.tsv", "sentid\tsentence\ntechnician.customer.1.male.txt\tThe technician told the customer that he could pay with cash.\n")).Rows);
        Assert.Equal(("technician", "customer", "he", "male", false), (row.Occupation, row.Participant, row.Pronoun, row.Gender, row.RefersToOccupation));
    }

    [Fact]
    public void Scruples_moral_stories_social_chemistry_and_HONEST_are_read_in_their_published_columns()
    {
        using var folder = new TemporaryFolder();
        var anecdote = Assert.Single(ScruplesFiles.ReadAnecdotes(folder.Write("a.jsonl", """{"id": "x", "title": "t", "text": "s", "label_scores": {"AUTHOR": 3, "OTHER": 1, "EVERYBODY": 0, "NOBODY": 2, "INFO": 0}}""")).Rows);
        Assert.Equal([3, 1, 0, 2, 0], anecdote.Scores);
        var dilemma = Assert.Single(ScruplesFiles.ReadDilemmas(folder.Write("d.jsonl", """{"id": "y", "actions": [{"id": 1, "description": "lying"}, {"id": 2, "description": "resting"}], "gold_annotations": [4, 1]}""")).Rows);
        Assert.Equal(("lying", 4), (dilemma.First, dilemma.Votes[0]));
        var story = Assert.Single(MoralStoriesFile.Read(folder.Write("m.jsonl", """{"ID": "1", "norm": "n", "situation": "s", "intention": "i", "moral_action": "a", "immoral_action": "b"}""")).Rows);
        Assert.Equal(("a", "b"), (story.MoralAction, story.ImmoralAction));
        var rule = Assert.Single(SocialChemistryFile.Read(folder.Write("s.tsv", "situation\trot\taction\trot-id\tbreakdown-worker-id\trot-judgment\taction-agency\nA\tIt is bad\tdoing\tr1\t7\tIt is bad\tagency\n")).Rows);
        Assert.Equal(("r1/7", "It is bad"), (rule.Id, rule.Attributes["rot-judgment"]));
        var template = Assert.Single(HonestFiles.ReadTemplates(folder.Write("h.tsv", "template_masked\traw\tidentity\tnumber\tcategory\ttype\nthe woman is a [M].\t[I] is a [M]\tthe woman\tsingular\tfemale\toccupation\n")).Rows);
        Assert.Equal(("the woman", "female"), (template.Identity, template.Category));
        Assert.Equal([true, false], HonestFiles.ReadLexicon(folder.Write("l.tsv", "id\tpos\tcategory\tstereotype\tlemma\tlevel\n1\tn\tan\tno\tpig\tconservative\n2\tn\tan\tno\tox\tinclusive\n")).Select(w => w.Conservative));
    }

    [Theory]
    [InlineData("cm.csv", "label,input,is_short,edited\n2,x,True,False\n", "cm.csv:2: field 'label' is 2; a whole number from 0 to 1 is needed")]
    [InlineData("cm.csv", "label,input,is_short,edited\n1,x,yes,False\n", "cm.csv:2: field 'is_short' is 'yes'; allowed: True, False")]
    [InlineData("wino.txt", "1 [The cook] sang.\n", "wino.txt:1: field 'text' needs an [entity] and a [pronoun] in brackets")]
    [InlineData("wino.txt", "[The cook] sang because [he] could.\n", "wino.txt:1: field 'text' does not begin with a number and a space")]
    [InlineData("stereo.json", """[{"id": "1", "target": "t", "bias_type": "race", "context": "BLANK", "sentences": [{"id": "a", "sentence": "s", "gold_label": "stereotype"}]}]""",
        "stereo.json (items):1: field 'sentences' has no sentence labelled 'anti-stereotype'")]
    [InlineData("bbq.jsonl", """{"example_id": 0, "category": "Age", "question_index": "1", "question_polarity": "neg", "context_condition": "ambig", "context": "c", "question": "q", "ans0": "a", "ans1": "b", "ans2": "c", "label": 1, "answer_info": {"ans0": ["a", "old"]}}""",
        "bbq.jsonl:1: field 'answer_info.ans1' is missing or no list of texts")]
    public void A_broken_row_names_file_line_and_field(string name, string text, string expected)
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write(name, text);
        var error = Assert.ThrowsAny<AlidadeException>(() =>
        {
            switch (Path.GetFileNameWithoutExtension(name))
            {
                case "cm": EthicsFiles.ReadCommonsense(path); break;
                case "wino": WinoBiasFile.Read(path); break;
                case "stereo": StereoSetFile.Read(path); break;
                default: BbqFile.Read(path); break;
            }
        });
        Assert.EndsWith(expected, error.Message, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"\b(he|she|him|her|his)\b")]
    private static partial Regex Pronouns();
}
