using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Results;
using Alidade.Core.Statistics;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.Judges;

namespace Alidade.Evaluation.General;

/// <summary>
/// AlpacaEval: a judge compares the model's answers with a baseline's; the win rate is the mean preference, and length control says what it would be at equal lengths. Every pair is shown in both
/// orders and the two preferences are averaged, where the original shows one drawn order.
/// </summary>
/// <remarks>
/// Li et al. 2023, Dubois et al. 2024 (arXiv 2404.04475). The preference comes from the probabilities of the judge's two labels (<see cref="LogProbPreference"/>); of a judge that shows none it is the label that
/// it wrote, and the measures' names end in <c>.written</c>. The prompt is Alidade's own, so the numbers are not the leaderboard's; nor are the length-controlled ones, which need the project's instruction
/// difficulties and gamed pairs (<see cref="Difficulty"/>, <see cref="Gamed"/>).
/// </remarks>
public sealed record AlpacaEval : IEvaluationTask
{
    // Below it a resample may hold one pair alone, in which nothing can be controlled.
    private const int FewestToResample = 30;

    /// <inheritdoc/>
    public string Name => "general.alpaca_eval";

    /// <summary>Instructions with the baseline's answers.</summary>
    public required IReadOnlyList<AlpacaOutput> Items { get; init; }

    /// <summary>Difficulty of instructions by id; null (default) for length control without such a term.</summary>
    public IReadOnlyDictionary<string, double>? Difficulty { get; init; }

    /// <summary>Pairs of baselines told to be short or long; empty (default) for none.</summary>
    public IReadOnlyList<GamedPair> Gamed { get; init; } = [];

    /// <summary>Most tokens of an answer. Default 1,024.</summary>
    public int MaxNewTokens { get; init; } = 1024;

    /// <summary>What the judge is asked.</summary>
    public JudgePrompt Prompt { get; init; } = ComparisonPrompt.OneLetter;

    /// <summary>How the judge is asked. Default: two tokens with the five likeliest of each.</summary>
    public JudgeOptions Judge { get; init; } = new() { MaxNewTokens = 2, TopLogProbs = 5 };

    /// <inheritdoc/>
    /// <returns><c>.win_rate</c>, <c>.length_controlled_win_rate</c>, <c>.length</c> (characters of the answers) and the judge's <c>.position_consistency</c>.</returns>
    public async Task<IReadOnlyList<MeasureResult>> RunAsync(EvaluationContext context)
    {
        var judge = context.Instruments.NeedJudge(Name);
        var items = context.Choose(Items);
        var answers = await context.AskAsync("AlpacaEval", [.. items.Select(i => (Request)JudgedAnswering.Request(context, i.Instruction, MaxNewTokens))]).ConfigureAwait(false);
        var texts = answers.Responses.Select(JudgedAnswering.TextOf).ToArray();
        int[] asked = [.. Enumerable.Range(0, items.Count).Where(i => texts[i].Why is null)];
        var judgements = await new LlmJudge(context, judge, Judge).AskAsync(
            "AlpacaEval, judging",
            [
                .. asked.Select(i => ComparisonPrompt.Of(Prompt, items[i].Instruction, items[i].Output, texts[i].Text)),
                .. asked.Select(i => ComparisonPrompt.Of(Prompt, items[i].Instruction, texts[i].Text, items[i].Output)),
            ],
            Preference).ConfigureAwait(false);
        var written = judgements.All.Any(j => j.Verdict is { HasValue: true, Value.Written: true });
        var cost = new Cost(answers.Cost.Tokens + judgements.Cost.Tokens, answers.Cost.Seconds + judgements.Cost.Seconds);
        var by = JudgedAnswering.By(judge, judgements.Retries);
        // 2 is the model's answer in both orders.
        var preferences = new Parsed<double>?[items.Count];
        var orders = new (Parsed<double> BaselineFirst, Parsed<double> ModelFirst)?[items.Count];
        foreach (var (i, at) in asked.Select((i, at) => (i, at)))
        {
            Parsed<double> baselineFirst = judgements.All[at].Verdict.Select(v => v.Preference), modelFirst = judgements.All[at + asked.Length].Verdict.Select(v => 3 - v.Preference);
            orders[i] = (baselineFirst, modelFirst);
            preferences[i] = !baselineFirst.HasValue ? baselineFirst : !modelFirst.HasValue ? modelFirst : Parsed.Of((baselineFirst.Value + modelFirst.Value) / 2);
        }

        ItemResult ItemOf(int i, Func<int, Parsed<double>> score)
        {
            var result = texts[i].Why is { } why ? Parsed.None<double>(why) : score(i);
            return new()
            {
                Id = items[i].Id,
                Input = items[i].Instruction,
                Output = texts[i].Text,
                Score = result.HasValue ? result.Value : null,
                Why = result.Why ?? FormattableString.Invariant($"preference {orders[i]!.Value.BaselineFirst.Value:F3} shown second, {orders[i]!.Value.ModelFirst.Value:F3} shown first (2 is the model)"),
                Truncated = texts[i].Truncated,
            };
        }

        ItemResult[] rated = [.. Enumerable.Range(0, items.Count).Select(i => ItemOf(i, j => preferences[j]!.Value.Select(p => p - 1)))];
        var about = new Measurement
        {
            Name = $"{Name}{(written ? ".written" : "")}.win_rate",
            Meaning = $"Mean preference for the model over {items[0].Generator}, in both orders ({by}).",
            Unit = "share",
            Direction = Direction.Higher,
            Count = 0,
            Cost = cost,
        };
        var raw = MeasureSummary.OfMean(about, rated);
        return
        [
            raw,
            LengthControlled(about with { Name = $"{Name}{(written ? ".written" : "")}.length_controlled_win_rate" }, items, texts, preferences, raw.Measurement.Value),
            MeasureSummary.OfMean(
                about with { Name = Name + ".length", Meaning = "Mean length of the model's answers.", Unit = "characters", Direction = Direction.Neutral },
                [.. Enumerable.Range(0, items.Count).Select(i => ItemOf(i, j => Parsed.Of((double)LengthOf(texts[j].Text))) with { Why = texts[i].Why })]),
            PairMeasures.Consistency(Name, by, cost, [.. Enumerable.Range(0, items.Count).Select(i => ItemOf(i, j => PairMeasures.Consistent(Choice(orders[j]!.Value.BaselineFirst), Choice(orders[j]!.Value.ModelFirst))))]),
        ];
    }

    /// <summary>What a judge prefers: by the probabilities of the labels, else by the label that it wrote.</summary>
    internal static Parsed<(double Preference, bool Written)> Preference(GeneratedText reply)
    {
        if (reply.Tokens.FirstOrDefault(t => t.Text.Trim() is "m" or "M") is { Top.Count: > 0 } place)
            return LogProbPreference.Of(place.Top.Select(t => (t.Text.Trim(), t.LogProb))).Select(p => (p, false));
        var words = reply.Text.Split((char[])[' ', '\n', '.', ',', ':', '*', '"', '\''], StringSplitOptions.RemoveEmptyEntries);
        return (words.Contains("m"), words.Contains("M")) switch
        {
            (true, false) => Parsed.Of((1.0, true)),
            (false, true) => Parsed.Of((2.0, true)),
            (true, true) => Parsed.None<(double, bool)>("both labels"),
            _ => Parsed.None<(double, bool)>("neither label"),
        };
    }

    private static Parsed<PairVerdict> Choice(Parsed<double> preference) => preference.Select(p => p > 1.5 ? PairVerdict.Second : p < 1.5 ? PairVerdict.First : PairVerdict.Tie);

    // Characters as Python counts them.
    private static int LengthOf(string text) => text.EnumerateRunes().Count();

    private MeasureResult LengthControlled(
        Measurement about, IReadOnlyList<AlpacaOutput> items, (string Text, string? Why, bool Truncated)[] texts, Parsed<double>?[] preferences, double? raw)
    {
        LengthControlPair[] pairs =
        [
            .. Enumerable.Range(0, items.Count).Where(i => texts[i].Why is null).Select(i => new LengthControlPair(
                preferences[i] is { HasValue: true } p ? p.Value : null,
                LengthOf(items[i].Output),
                LengthOf(texts[i].Text),
                Difficulty is null ? null : Difficulty.TryGetValue(items[i].Id, out var d) ? d : throw new AlidadeException($"{Name}: no difficulty of {items[i].Id}"))),
        ];
        var terms = $"{(Difficulty is null ? "without" : "with")} instruction difficulties, {(Gamed.Count == 0 ? "without" : "with")} gamed baselines";
        about = about with { Meaning = $"The win rate that a logistic model of the preferences predicts at equal lengths ({terms}).", Unscored = new Dictionary<string, int>() };
        try
        {
            var fit = new LengthControl { Gamed = Gamed }.Of(pairs);
            var extreme = raw is { } r && fit.IsExtremeBeside(r) ? " It is far from the raw rate, which may mean that the fit failed." : "";
            return new(
                about with
                {
                    Value = fit.Value,
                    Count = pairs.Count(p => p.Preference is not null),
                    Meaning = about.Meaning + extreme,
                    // The whole fit anew on drawn pairs: the spread of the predictions, which AlpacaEval prints, is not the uncertainty of the fit.
                    Interval = pairs.Length < FewestToResample ? null : Bootstrap.Of(pairs.Length, draw => Refit([.. draw.Select(i => pairs[i])], fit.Strength), 1, 1000).Percentile(),
                },
                []);
        }
        catch (AlidadeException problem)
        {
            return new(about with { Unscored = new Dictionary<string, int> { [problem.Message] = items.Count } }, []);
        }
    }

    private double Refit(LengthControlPair[] pairs, double strength) => new LengthControl { Gamed = Gamed, Strengths = [strength] }.Predict(pairs);
}

/// <summary>AlpacaEval against text-davinci-003.</summary>
internal sealed class KnownAlpacaEval : KnownTask
{
    public override string Name => "general.alpaca_eval";

    public override string About => "AlpacaEval: win rate against text-davinci-003's answers by a judge, raw and length-controlled (Dubois et al. 2024)";

    public override IReadOnlyList<string> Files => ["alpaca_eval/results/text_davinci_003/model_outputs.json"];

    public override IEvaluationTask Open(Func<string, string> data) => new AlpacaEval { Items = AlpacaFile.ReadOutputs(data(Files[0])).Rows };
}
