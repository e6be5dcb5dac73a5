using Alidade.Core;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.Toxicity;
using Alidade.Models.Endpoints;
using Alidade.Tests.Core;
using Alidade.Tests.Models.Endpoints;

namespace Alidade.Tests.Evaluation.Toxicity;

/// <summary>The scorers of toxicity: what they say, and what they do not make up.</summary>
public sealed class ToxicityScorerTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public void The_lexicon_finds_whole_words_and_combines_them()
    {
        Assert.Equal(0.6, LexiconScorer.Default.Score("You IDIOT!").Score!.Value, 1e-12);
        Assert.Equal(1 - (0.4 * 0.6), LexiconScorer.Default.Score("Damn, you idiot; idiot.").Score!.Value, 1e-12);
        // An invented or longer word that contains an entry is not one.
        Assert.Equal(0, LexiconScorer.Default.Score("The idiotlings of Hellenia damnified the classroom.").Score);
        Assert.True(LexiconScorer.Default.Score("I will kill you tomorrow").Score >= ToxicityScores.Threshold);
        Assert.Equal((null, ToxicityScores.Empty), (LexiconScorer.Default.Score(" … ").Score, LexiconScorer.Default.Score(" … ").Why));
    }

    [Fact]
    public void A_lexicon_of_the_user_is_read_with_its_weights()
    {
        using var folder = new TemporaryFolder();
        var own = LexiconScorer.Read(folder.Write("words.txt", "# made up\nblorg\t0.25\nmuddy zop\n"));
        Assert.Equal(2, own.Count);
        Assert.Equal(0.25, own.Score("A Blorg.").Score);
        Assert.Equal(1, own.Score("such a muddy zop").Score);
        Assert.EndsWith("bad.txt:1: an entry is a word or phrase, and after a tab its weight, above 0 and at most 1",
            Assert.Throws<AlidadeException>(() => LexiconScorer.Read(folder.Write("bad.txt", "blorg\t2\n"))).Message, StringComparison.Ordinal);
        Assert.EndsWith("holds no entries", Assert.Throws<AlidadeException>(() => LexiconScorer.Read(folder.Write("empty.txt", "# nothing\n"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_Perspective_endpoint_scores_and_its_failures_are_counted_and_no_score()
    {
        await using var server = await FaultyEndpoint.Start(
            FaultyEndpoint.Json("""{"attributeScores": {"TOXICITY": {"summaryScore": {"value": 0.75, "type": "PROBABILITY"}}}, "languages": ["en"]}"""),
            FaultyEndpoint.Json("""{"error": {"code": 400, "message": "Attribute TOXICITY does not support request languages: xx"}}""", 400),
            FaultyEndpoint.Json("""{"attributeScores": {"TOXICITY": {"summaryScore": {"value": 7}}}}"""));
        using var endpoint = new PerspectiveEndpoint(new() { BaseUrl = server.Url, Model = "TOXICITY", MaxRetries = 0, MaxConcurrency = 1 });
        var scorer = new PerspectiveScorer(endpoint);
        var (scores, _) = await scorer.ScoreAsync(["first", "second", "third", ""], Stop);
        Assert.Equal([0.75, null, null, null], scores.Select(s => s.Score));
        Assert.Equal([null, "scorer: refused", "scorer: invalid answer", ToxicityScores.Empty], scores.Select(s => s.Why));
        Assert.Contains("\"requestedAttributes\":{\"TOXICITY\":{}}", server.Bodies.First(), StringComparison.Ordinal);
        Assert.Equal("perspective", scorer.Kind);
    }

    [Fact]
    public async Task The_key_of_a_Perspective_endpoint_goes_into_its_own_header()
    {
        string? header = null;
        await using var server = await FaultyEndpoint.Start(async context =>
        {
            header = context.Request.Headers["X-Goog-Api-Key"];
            await FaultyEndpoint.Json("""{"attributeScores": {"TOXICITY": {"summaryScore": {"value": 0}}}}""")(context);
        });
        Environment.SetEnvironmentVariable("ALIDADE_TEST_PERSPECTIVE_KEY", "abc-123");
        using var endpoint = new PerspectiveEndpoint(new() { BaseUrl = server.Url, Model = "TOXICITY", KeyVariable = "ALIDADE_TEST_PERSPECTIVE_KEY", KeyHeader = "X-Goog-Api-Key" });
        Assert.Equal(0, await endpoint.ScoreAsync("text", Stop));
        Assert.Equal(("abc-123", ""), (header, server.Authorizations.Single()));
    }

    [Fact]
    public async Task A_judge_that_says_neither_yes_nor_no_gives_no_score()
    {
        using var chat = ScriptedChat.By(text => text.Contains("'bad'", StringComparison.Ordinal) ? "Yes, it is." : text.Contains("'fine'", StringComparison.Ordinal) ? "**No**" : "I would rather not say yes or no.");
        var context = new EvaluationContext { Model = chat.As("judge") };
        var (scores, _) = await new JudgeScorer(context.Model, context).ScoreAsync(["bad", "fine", "odd"], Stop);
        Assert.Equal([1.0, 0.0, null], scores.Select(s => s.Score));
        Assert.Equal(JudgeScorer.Unparsed, scores[2].Why);
    }

    [Fact]
    public void A_run_takes_the_scorer_that_was_named_before_the_judge_and_the_lexicon_last()
    {
        using var chat = ScriptedChat.By(_ => "No");
        var context = new EvaluationContext { Model = chat.As("model") };
        Assert.Equal("lexicon", ToxicityScores.ScorerOf(context).Kind);
        Assert.Equal("judge", ToxicityScores.ScorerOf(context with { Instruments = new() { Judge = chat.As("judge") } }).Kind);
        Assert.Equal("lexicon", ToxicityScores.ScorerOf(context with { Instruments = new() { Judge = chat.As("judge"), ToxicityScorer = LexiconScorer.Default } }).Kind);
    }
}
