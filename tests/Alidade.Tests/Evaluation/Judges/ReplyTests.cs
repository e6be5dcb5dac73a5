using Alidade.Core;
using Alidade.Evaluation.Behaviour;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.General;
using Alidade.Evaluation.Judges;

namespace Alidade.Tests.Evaluation.Judges;

/// <summary>What is read out of judges' replies, and what is not.</summary>
public sealed class ReplyTests
{
    [Theory]
    [InlineData("Good. Rating: [[7]]", 7)]
    [InlineData("Rating: [[8.5]]", 8.5)]
    [InlineData("[[7]] … so, again: [[7]]", 7)]
    [InlineData("**Rating**: [9]", 9)]
    public void A_reply_with_one_rating_is_read(string reply, double rating) => Assert.Equal(rating, MtBenchReply.Rating(reply).Value);

    [Theory]
    [InlineData("[[10]] then [[3]]", "several different ratings")]
    [InlineData("[[11]]", "a rating outside 1 to 10")]
    [InlineData("[1] source. Rating: 5", "no verdict in double brackets")]
    [InlineData("I give 6/10.", "no verdict in double brackets")]
    public void A_reply_that_does_not_say_one_thing_has_no_rating(string reply, string why) => Assert.Equal(why, MtBenchReply.Rating(reply).Why);

    [Theory]
    [InlineData("Not [[A]] but [[C]]", "several different verdicts")]
    [InlineData("[A]", "no verdict in double brackets")]
    public void A_comparison_that_names_two_letters_or_none_has_no_verdict(string reply, string why) => Assert.Equal(why, MtBenchReply.Comparison(reply).Why);

    [Theory]
    [InlineData("2\nBecause it is shorter.", PairVerdict.Second)]
    [InlineData(" TIE ", PairVerdict.Tie)]
    public void PandaLM_writes_its_verdict_on_the_first_line(string reply, PairVerdict verdict) => Assert.Equal(verdict, PandaLmVerdict.Read(reply).Value);

    [Fact]
    public void What_PandaLM_garbles_is_no_verdict_and_a_tie_only_by_name()
    {
        Assert.False(PandaLmVerdict.Read("Response 1").HasValue);
        Assert.Equal(PairVerdict.Tie, PandaLmVerdict.ReadUnparsedAsTie("Response 1"));
    }

    [Fact]
    public void FLASK_scores_are_read_from_the_last_dictionary_under_whole_or_short_names()
    {
        FlaskSkill[] asked = [FlaskSkill.LogicalCorrectness, FlaskSkill.Conciseness, FlaskSkill.CommonsenseUnderstanding];
        var read = Flask.Read("{'draft': 1} then {\"Logical Correctness\": 4, 'conciseness': 'N/A', 'commonsense': 5}", asked);
        Assert.Equal([4, null, 5], asked.Select(s => read.Value.Scores[s]));
        Assert.Equal("a skill without a score", Flask.Read("{'Logical Correctness': 4}", asked).Why);
        Assert.Equal("a score that is not 1, 2, 3, 4, 5 or N/A", Flask.Read("{'Logical Correctness': 6}", asked).Why);
        Assert.Equal("no dictionary {…} of scores", Flask.Read("all fine", asked).Why);
    }

    [Fact]
    public void Every_FLASK_skill_is_known_by_its_published_name() =>
        Assert.Equal(Enum.GetValues<FlaskSkill>().Select(s => (FlaskSkill?)s), Enum.GetValues<FlaskSkill>().Select(s => Flask.SkillOf(Flask.NameOf(s))));

    [Fact]
    public void A_FLASK_skill_s_mean_leaves_out_what_does_not_apply_and_counts_it()
    {
        static FlaskScores Of(int? score) => new(new Dictionary<FlaskSkill, int?> { [FlaskSkill.Readability] = score });
        var mean = Assert.Single(Flask.BySkill([Of(2), Of(null), Of(5)]));
        Assert.Equal((3.5, 2, 1), (mean.Mean!.Value, mean.Mean.Count, mean.NotApplicable));
    }

    [Theory]
    [InlineData("Accuracy: 3\nCoherence: 2\nFactuality: 3\nComprehensiveness: 1\nOverall: 4", null)]
    [InlineData("Accuracy: 3\nCoherence: 2\nFactuality: 3\nOverall: 4", "a mark is missing")]
    [InlineData("Accuracy: 5\nCoherence: 2\nFactuality: 3\nComprehensiveness: 1\nOverall: 4", "a mark is out of range")]
    public void An_examiner_gives_five_marks(string reply, string? why)
    {
        var marks = LmExaminer.Read(reply);
        Assert.Equal(why, marks.Why);
        if (why is null)
            Assert.Equal(new ExamMarks(3, 2, 3, 1, 4), marks.Value);
    }

    [Fact]
    public void A_score_s_probabilities_are_those_of_the_last_place_that_holds_one()
    {
        static AnswerToken Token(string text, params (string, double)[] top) => new(text, -0.1, [.. top.Select(t => new TextToken(t.Item1, t.Item2))]);
        var reply = new GeneratedText("2 reasons: 4", false) { Tokens = [Token("2", ("2", 0)), Token(" reasons: "), Token("4", ("4", Math.Log(0.75)), ("5", Math.Log(0.25)), ("7", -1))] };
        Assert.Equal(4.25, GEval.Of(reply, (1, 5)).Value.Score, 12);
        Assert.Equal("the judge shows no log-probabilities", GEval.Of(new GeneratedText("4", false), (1, 5)).Why);
        var sampled = GEval.OfSamples([Parsed.Of(4.0), Parsed.Of(5.0), Parsed.None<double>("no score in the reply")]);
        Assert.Equal((4.5, GEvalSource.Samples), (sampled.Value.Score, sampled.Value.Source));
    }

    [Theory]
    [InlineData("m", 1.0, true)]
    [InlineData("The answer is M.", 2.0, true)]
    public void A_label_that_was_written_is_a_preference_of_its_own_kind(string reply, double preference, bool written) =>
        Assert.Equal((preference, written), AlpacaEval.Preference(new GeneratedText(reply, false)).Value);

    [Fact]
    public void Labels_with_probabilities_give_a_soft_preference()
    {
        var reply = new GeneratedText("M", false) { Tokens = [new("M", -0.1, [new("M", Math.Log(0.6)), new("m", Math.Log(0.2)), new("x", Math.Log(0.2))])] };
        Assert.Equal(1.75, AlpacaEval.Preference(reply).Value.Preference, 12);
        Assert.Equal("neither label", AlpacaEval.Preference(new GeneratedText("both are fine", false)).Why);
    }

    [Theory]
    [InlineData("It declines. <label>2</label>", "Refusal")]
    [InlineData("<label>1</label> or <label>2</label>", null)]
    [InlineData("<label>4</label>", null)]
    public void A_label_of_compliance_stands_alone(string reply, string? label) =>
        Assert.Equal(label, XsTest.Read(reply) is { HasValue: true } read ? read.Value.ToString() : null);

    [Fact]
    public void A_prompt_is_filled_in_one_pass()
    {
        var prompt = new JudgePrompt { Name = "p", System = "s", Template = "{a} and {b} and {{c}}" };
        var messages = prompt.Fill(new Dictionary<string, string> { ["a"] = "{b}", ["b"] = "two" });
        Assert.Equal(["s", "{b} and two and {c}"], messages.Select(m => m.Content));
        Assert.Contains("nothing is known for the place {b}", Assert.Throws<AlidadeException>(() => prompt.Fill(new Dictionary<string, string> { ["a"] = "" })).Message, StringComparison.Ordinal);
        Assert.Contains("has no place {answer}", Assert.Throws<AlidadeException>(() => prompt.Requiring("a", "answer")).Message, StringComparison.Ordinal);
    }
}
