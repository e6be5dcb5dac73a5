using System.Globalization;
using System.Text.RegularExpressions;
using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Recipes;
using Alidade.Core.Results;
using Alidade.Core.Statistics;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.Judges;

namespace Alidade.Evaluation.General;

/// <summary>What G-Eval judges a text by.</summary>
/// <param name="Name">Name, such as "coherence".</param>
/// <param name="Criteria">What it means, in a sentence or two.</param>
public sealed record GEvalAspect(string Name, string Criteria);

/// <summary>
/// G-Eval as a task: the model answers, and a judge scores each answer in some aspects by the expectation over its score tokens. A judge that shows no probabilities is sampled several times, and the
/// measures' names then end in <c>.samples</c>.
/// </summary>
/// <remarks>Liu et al. 2023 (arXiv 2303.16634), see <see cref="GEval"/>. The criteria are the user's; the default aspects and the prompt are Alidade's own.</remarks>
public sealed partial record GEvalTask : IEvaluationTask, IValidated
{
    /// <inheritdoc/>
    public string Name => "general.g_eval";

    /// <summary>The prompts that the model answers.</summary>
    public required IReadOnlyList<PromptRow> Items { get; init; }

    /// <summary>The aspects. Default: relevance, coherence and fluency.</summary>
    public IReadOnlyList<GEvalAspect> Aspects { get; init; } =
    [
        new("relevance", "The answer deals with what was asked, with all that matters and nothing that does not."),
        new("coherence", "The answer is well structured; each sentence builds on those before it."),
        new("fluency", "The answer has no errors of grammar, spelling or choice of words that make it hard to read."),
    ];

    /// <summary>The highest score; the lowest is 1. Default 5.</summary>
    public int Highest { get; init; } = 5;

    /// <summary>How the probabilities of score tokens become a score. Default <see cref="ScoreWeighting.Renormalised"/>.</summary>
    public ScoreWeighting Weighting { get; init; }

    /// <summary>Replies that are drawn from a judge without probabilities. Default 20, as published.</summary>
    public int Samples { get; init; } = 20;

    /// <summary>Most tokens of an answer. Default 512.</summary>
    public int MaxNewTokens { get; init; } = 512;

    /// <summary>What the judge is asked; places {prompt}, {answer}, {aspect}, {criteria}, {highest}.</summary>
    public JudgePrompt Prompt { get; init; } = new()
    {
        Name = "alidade-g-eval",
        System = "You score one aspect of an answer from 1 (lowest) to {highest} (highest). Reply with the number alone.",
        Template = "[Aspect]\n{aspect}: {criteria}\n\n[Request]\n{prompt}\n\n[Answer]\n{answer}\n[End of the answer]\n\nScore of {aspect} from 1 to {highest}:",
    };

    /// <inheritdoc/>
    public IEnumerable<string> Violations()
    {
        if (Highest is < 2 or > 9)
            yield return $"highest: is {Highest}, allowed are 2 … 9, scores of one digit";
        if (Samples < 1)
            yield return $"samples: is {Samples}, it must be at least 1";
    }

    /// <inheritdoc/>
    /// <returns>One number for each aspect.</returns>
    public async Task<IReadOnlyList<MeasureResult>> RunAsync(EvaluationContext context)
    {
        var judge = context.Instruments.NeedJudge(Name);
        var items = context.Choose(Items);
        var answers = await context.AskAsync("G-Eval", [.. items.Select(i => (Request)JudgedAnswering.Request(context, i.Text, MaxNewTokens))]).ConfigureAwait(false);
        var texts = answers.Responses.Select(JudgedAnswering.TextOf).ToArray();
        var pairs = Aspects.SelectMany(a => Enumerable.Range(0, items.Count).Where(i => texts[i].Why is null).Select(i => (Aspect: a, Item: i))).ToArray();
        IReadOnlyList<Message>[] prompts = [.. pairs.Select(p => PromptOf(p.Aspect, items[p.Item].Text, texts[p.Item].Text))];
        var judged = await context.AskAsync("G-Eval, judging", judge, [.. prompts.Select(p => (Request)Probabilities(p))]).ConfigureAwait(false);
        var cost = new Cost(answers.Cost.Tokens + judged.Cost.Tokens, answers.Cost.Seconds + judged.Cost.Seconds);
        // One source for all: scores from probabilities and scores from samples are not to be mixed.
        var sampled = !judged.Responses.OfType<GeneratedTexts>().Any(t => t.First.Tokens.Any(token => token.Top.Count > 0));
        if (sampled)
        {
            judged = await context.AskAsync("G-Eval, judging by samples", judge, [.. prompts.Select(p => (Request)Sampled(p, context.Seed))]).ConfigureAwait(false);
            cost = new(cost.Tokens + judged.Cost.Tokens, cost.Seconds + judged.Cost.Seconds);
        }

        var scores = pairs.Zip(judged.Responses).ToDictionary(p => (p.First.Aspect.Name, p.First.Item), p => ScoreOf(p.Second, sampled));
        return
        [
            .. Aspects.Select(aspect => MeasureSummary.OfMean(
                new()
                {
                    Name = $"{Name}.{aspect.Name}{(sampled ? ".samples" : "")}",
                    Meaning = $"Mean score of {aspect.Name} from 1 to {Highest}, {(sampled ? $"the mean of {Samples} sampled replies" : "the expectation over the judge's score tokens")} ({JudgedAnswering.By(judge, 0)}).",
                    Unit = $"score of 1 to {Highest}",
                    Direction = Direction.Higher,
                    Count = 0,
                    Cost = cost,
                },
                [.. items.Select((item, i) => ItemOf(item, texts[i], scores.TryGetValue((aspect.Name, i), out var score) ? score : Parsed.None<GEvalScore>(texts[i].Why!)))])),
        ];
    }

    private static ItemResult ItemOf(PromptRow item, (string Text, string? Why, bool Truncated) text, Parsed<GEvalScore> score) => new()
    {
        Id = item.Id,
        Input = item.Text,
        Output = text.Text,
        Score = score.HasValue ? score.Value.Score : null,
        Why = score.Why ?? $"{(score.Value.Source == GEvalSource.Samples ? "share of replies with a score" : "probability of giving a score")} {Shown.Share(score.Value.Mass)}",
        Truncated = text.Truncated,
    };

    private IReadOnlyList<Message> PromptOf(GEvalAspect aspect, string prompt, string answer) => Prompt.Requiring("answer").Fill(new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["prompt"] = prompt,
        ["answer"] = answer,
        ["aspect"] = aspect.Name,
        ["criteria"] = aspect.Criteria,
        ["highest"] = Highest.ToString(CultureInfo.InvariantCulture),
    });

    private static GenerationRequest Probabilities(IReadOnlyList<Message> prompt) => new(Core.Data.Prompt.OfMessages(prompt)) { MaxNewTokens = 4, TopLogProbs = 20 };

    private GenerationRequest Sampled(IReadOnlyList<Message> prompt, ulong seed) => new(Core.Data.Prompt.OfMessages(prompt)) { MaxNewTokens = 4, Temperature = 1, Samples = Samples, Seed = seed };

    private Parsed<GEvalScore> ScoreOf(Response response, bool sampled) => response switch
    {
        GeneratedTexts texts when sampled => GEval.OfSamples([.. texts.Texts.Select(t => Written(t.Text))]),
        GeneratedTexts texts => GEval.Of(texts.First, (1, Highest), Weighting),
        _ => Parsed.None<GEvalScore>("judge: " + ((Unanswered)response).Reason),
    };

    private Parsed<double> Written(string reply)
    {
        int[] scores = [.. Number().Matches(reply).Select(m => GEval.ScoreOf(m.Value, (1, Highest))).OfType<int>().Distinct()];
        return scores is [var score] ? Parsed.Of((double)score) : Parsed.None<double>(scores.Length == 0 ? "no score in the reply" : "several different scores");
    }

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Number();
}

/// <summary>G-Eval's default aspects over the open questions of Vicuna-bench, each of one turn.</summary>
internal sealed class KnownGEval : KnownTask
{
    public override string Name => "general.g_eval";

    public override string About => "G-Eval: relevance, coherence and fluency of answers to open questions, each the expectation over a judge's score tokens (Liu et al. 2023; questions of Vicuna-bench)";

    public override IReadOnlyList<string> Files => ["mt_bench/vicuna_bench/question.jsonl"];

    public override IEvaluationTask Open(Func<string, string> data) => new GEvalTask { Items = [.. MtBenchFile.Read(data(Files[0])).Rows.Select(q => new PromptRow(q.Id, q.Turns[0]))] };
}
