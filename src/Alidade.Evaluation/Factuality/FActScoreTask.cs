using System.Text.RegularExpressions;
using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Recipes;
using Alidade.Core.Results;
using Alidade.Core.Statistics;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.Judges;

namespace Alidade.Evaluation.Factuality;

/// <summary>
/// FActScore over a knowledge source of one's own, in four steps: (1) the model writes about each topic, unless the row holds a text; (2) a judge breaks every sentence into atomic facts,
/// unless the row holds them; (3) BM25 finds passages for each fact; (4) the judge says whether the passages make the fact true.
/// </summary>
/// <remarks>Min et al. 2023 (arXiv 2305.14251). The question of step 4 is that of the authors' code; a judge with log-likelihoods answers it by p(True) &gt; p(False), any other in
/// writing. A fact without a verdict is left out of its response's share and counted; the authors' code calls most of them supported. The judge of step 2 sees no
/// demonstrations but one.</remarks>
public sealed partial record FActScoreTask : IEvaluationTask, IValidated
{
    /// <inheritdoc/>
    public string Name => "factuality.factscore";

    /// <summary>Topics, with or without a text and its facts.</summary>
    public required IReadOnlyList<FactRow> Items { get; init; }

    /// <summary>The knowledge source.</summary>
    public required IReadOnlyList<KnowledgePage> Knowledge { get; init; }

    /// <summary>How facts become a score.</summary>
    public FActScore Method { get; init; } = new();

    /// <summary>Passages that the judge reads for a fact. Default 5, as in the paper.</summary>
    public int Passages { get; init; } = 5;

    /// <summary>Most new tokens of a text that the model writes. Default 256.</summary>
    public int MaxNewTokens { get; init; } = 256;

    /// <summary>How the judge is asked.</summary>
    public JudgeOptions Judge { get; init; } = new() { MaxNewTokens = 256 };

    /// <inheritdoc/>
    public IEnumerable<string> Violations()
    {
        if (Passages < 1)
            yield return $"passages: {Passages}; at least 1 is needed";
        if (!(Method.Gamma >= 0))
            yield return $"gamma: {Method.Gamma}; it is at least 0";
    }

    /// <inheritdoc/>
    /// <returns>The score with the length penalty, <c>.unpenalised</c>, <c>.respond_ratio</c> and <c>.facts</c>.</returns>
    public async Task<IReadOnlyList<MeasureResult>> RunAsync(EvaluationContext context)
    {
        var judge = context.Instruments.NeedJudge(Name);
        var index = new PassageIndex(Knowledge);
        var items = context.Choose(Items);

        // 1. Texts.
        var without = items.Where(i => i.Output is null).ToArray();
        var written = await context.AskAsync("FActScore, texts", [.. without.Select(i => Write(i, context.GeneratesInChat))]).ConfigureAwait(false);
        var texts = without.Zip(written.Responses).ToDictionary(p => p.First.Id, p => p.Second, StringComparer.Ordinal);
        var responses = items.Select(i => new Text(i, texts.GetValueOrDefault(i.Id))).ToArray();

        // 2. Atomic facts.
        var sentences = responses.SelectMany(r => r.Item.Facts is null ? TextUnits.Sentences(r.Output).Select(s => (Response: r, Sentence: s)) : []).ToArray();
        var lists = await new LlmJudge(context, judge, Judge).AskAsync("FActScore, facts", [.. sentences.Select(s => Break(s.Sentence))], ReadFacts).ConfigureAwait(false);
        foreach (var ((response, _), list) in sentences.Zip(lists.Verdicts))
            response.Take(list);

        // 3. Passages, and 4. verdicts.
        var facts = responses.SelectMany(r => r.Facts.Select(f => (Response: r, Fact: f, Question: Question(r.Item.Topic, f, index.Find(r.Item.Topic, f, Passages))))).ToArray();
        var (verdicts, verdictCost) = await VerifyAsync(context, judge, [.. facts.Select(f => f.Question)]).ConfigureAwait(false);
        foreach (var ((response, fact, _), verdict) in facts.Zip(verdicts))
            response.Verdicts.Add((fact, verdict));

        var cost = new Cost(written.Cost.Tokens + lists.Cost.Tokens + verdictCost.Tokens, written.Cost.Seconds + lists.Cost.Seconds + verdictCost.Seconds);
        return Results(responses, cost);
    }

    private MeasureResult[] Results(Text[] responses, Cost cost)
    {
        var unread = responses.Sum(r => r.Verdicts.Count(v => v.Verdict == FactVerdict.Unread));
        var about = new Measurement { Name = Name, Meaning = "", Unit = "share", Direction = Direction.Higher, Count = 0, Cost = cost };
        MeasureResult Of(string name, string meaning, string unit, Func<Text, double?> score) => MeasureSummary.OfMean(
            about with { Name = Name + name, Meaning = meaning, Unit = unit, Direction = name == ".facts" ? Direction.Neutral : Direction.Higher }, [.. responses.Select(r => r.Result(score(r)))]);
        FactScoreItem? Scored(Text r) => Method.Score([.. r.Verdicts.Where(v => v.Verdict != FactVerdict.Unread).Select(v => v.Verdict == FactVerdict.Supported)]);
        return
        [
            Of("", $"Share of a text's atomic facts that the knowledge source supports, times exp(1 − {Method.Gamma}/n) for n ≤ {Method.Gamma} facts, mean over the texts with facts. {unread} of {responses.Sum(r => r.Verdicts.Count)} facts have no verdict.", "share", r => Scored(r)?.Score),
            Of(".unpenalised", "Share of a text's atomic facts that the knowledge source supports, mean over the texts with facts.", "share", r => Scored(r)?.Support),
            Of(".respond_ratio", "Share of topics with a text in which facts were found.", "share", r => r.Failed ? null : r.Facts.Count > 0 ? 1 : 0),
            Of(".facts", "Atomic facts of a text that has any.", "facts", r => r.Facts.Count > 0 ? r.Facts.Count : null),
        ];
    }

    private GenerationRequest Write(FactRow item, bool inChat) => inChat
        ? new(new Message("user", $"Tell me a bio of {item.Topic}.")) { MaxNewTokens = MaxNewTokens }
        : new(Prompt.OfText($"Question: Tell me a bio of {item.Topic}.\nAnswer:")) { MaxNewTokens = MaxNewTokens, Stop = ["\nQuestion:"] };

    private static Message[] Break(string sentence) => [new("user",
        "Break the sentence down into independent facts. Write one fact a line, each beginning with \"- \"; write \"- none\" when it states none.\n\n"
        + "Sentence: Mira Hale, born in Oslo, wrote two novels about the sea.\n- Mira Hale was born in Oslo.\n- Mira Hale wrote two novels.\n- Mira Hale's novels are about the sea.\n\n"
        + $"Sentence: {sentence}")];

    private static Parsed<IReadOnlyList<string>> ReadFacts(GeneratedText reply)
    {
        string[] lines = [.. ListLine().Matches(reply.Text).Select(m => m.Groups[1].Value)];
        return lines.Length == 0
            ? Parsed.None<IReadOnlyList<string>>("the reply holds no list of facts")
            : Parsed.Of<IReadOnlyList<string>>([.. lines.Where(l => !l.Trim('.').Equals("none", StringComparison.OrdinalIgnoreCase))]);
    }

    // The passages stand in reverse, the best one next to the question, as in the authors' code.
    internal static string Question(string topic, string fact, IReadOnlyList<KnowledgePassage> passages) =>
        $"Answer the question about {topic} based on the given context.\n\n{string.Join("\n\n", passages.Reverse().Select(p => $"Title: {p.Title}\nText: {p.Text}"))}\n\nInput: {fact} True or False?\nOutput:";

    private async Task<(IReadOnlyList<FactVerdict> Verdicts, Cost Cost)> VerifyAsync(EvaluationContext context, IEvaluatedModel judge, IReadOnlyList<string> questions)
    {
        if (!judge.GivesLogLikelihoods)
        {
            var replies = await new LlmJudge(context, judge, Judge).AskAsync("FActScore, verdicts", [.. questions.Select(q => new[] { new Message("user", q) })], ReadVerdict).ConfigureAwait(false);
            return ([.. replies.Verdicts.Select(v => v.HasValue ? v.Value : FactVerdict.Unread)], replies.Cost);
        }

        var answers = await context.AskAsync("FActScore, verdicts", judge, [.. questions.Select(q => new ContinuationRequest(q, " True", " False"))]).ConfigureAwait(false);
        return ([.. answers.Responses.Select(r => r is not ContinuationScores { Scores: var scores } ? FactVerdict.Unread
            : scores[0].LogProb > scores[1].LogProb ? FactVerdict.Supported : FactVerdict.NotSupported)], answers.Cost);
    }

    private Parsed<FactVerdict> ReadVerdict(GeneratedText reply) => Method.Read(reply.Text) is var verdict && verdict != FactVerdict.Unread
        ? Parsed.Of(verdict)
        : Parsed.None<FactVerdict>("the reply is neither true nor false");

    [GeneratedRegex(@"^\s*(?:[-*•]|\d+[.)])\s+(.*\S)\s*$", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex ListLine();

    /// <summary>A text on its way through the steps.</summary>
    private sealed class Text(FactRow item, Response? response)
    {
        private readonly List<string> facts = [.. item.Facts ?? []];
        private string? failure = response is Unanswered unanswered ? unanswered.Reason : null;

        public FactRow Item => item;

        public string Output => item.Output ?? (response is GeneratedTexts texts ? texts.First.Text : "");

        public IReadOnlyList<string> Facts => facts;

        public List<(string Fact, FactVerdict Verdict)> Verdicts { get; } = [];

        /// <summary>True when it has no facts because somebody failed to answer, not because it states none.</summary>
        public bool Failed => facts.Count == 0 && failure is not null;

        public void Take(Parsed<IReadOnlyList<string>> list)
        {
            if (list.HasValue)
                facts.AddRange(list.Value);
            else
                failure = list.Why;
        }

        public ItemResult Result(double? score) => new()
        {
            Id = item.Id,
            Input = item.Topic,
            Output = Output,
            Score = score,
            Why = Verdicts.Count > 0 ? string.Join("; ", Verdicts.Select(v => $"{v.Verdict}: {v.Fact}")) : failure ?? "no facts in the text",
            Truncated = response is GeneratedTexts { First.Truncated: true },
        };
    }
}
