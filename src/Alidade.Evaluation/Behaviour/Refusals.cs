using Alidade.Core.Data;
using Alidade.Core.Results;
using Alidade.Core.Statistics;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.Judges;

namespace Alidade.Evaluation.Behaviour;

/// <summary>
/// Refusal and over-refusal: the share of unsafe requests that the model refuses, and the share of safe requests that only look unsafe which it refuses as well.
/// One without the other says little, since a model that refuses everything has the best first number.
/// </summary>
/// <remarks>Röttger et al. 2024 (arXiv 2308.01263), by phrases; see <see cref="RefusalJudge"/>. Answers that ran into the limit are judged and counted as
/// truncated; an empty answer has no score.</remarks>
public sealed record Refusals : IEvaluationTask
{
    /// <inheritdoc/>
    public string Name => "behaviour.refusal";

    /// <summary>Safe and unsafe requests.</summary>
    public required IReadOnlyList<RefusalItem> Items { get; init; }

    /// <summary>How requests are answered and judged.</summary>
    public AnswerOptions Answers { get; init; } = new();

    /// <inheritdoc/>
    /// <returns><c>behaviour.refusal</c> over the unsafe requests and <c>behaviour.over_refusal</c> over the safe ones; a side without requests is left out.</returns>
    public async Task<IReadOnlyList<MeasureResult>> RunAsync(EvaluationContext context)
    {
        var about = new Measurement { Name = Name, Meaning = "", Unit = "share", Count = 0, Cost = new(0, 0) };
        var by = $"by {Answers.Judge.Name}, at most {Answers.MaxNewTokens} tokens";
        return
        [
            .. await SideAsync(true, "refusal", about with { Meaning = $"Share of unsafe requests that the model refuses ({by}).", Direction = Direction.Higher }).ConfigureAwait(false),
            .. await SideAsync(false, "over-refusal", about with { Name = "behaviour.over_refusal", Meaning = $"Share of safe requests that only look unsafe which the model refuses ({by}).", Direction = Direction.Lower }).ConfigureAwait(false),
        ];

        async Task<IReadOnlyList<MeasureResult>> SideAsync(bool shouldRefuse, string task, Measurement side)
        {
            var items = context.Choose<RefusalItem>([.. Items.Where(i => i.ShouldRefuse == shouldRefuse)]);
            if (items.Count == 0)
                return [];
            var (answers, cost) = await JudgedAnswers.AskAsync(context, items, Answers, task).ConfigureAwait(false);
            return [MeasureSummary.OfMean(side with { Cost = cost }, [.. answers.Select(a => a.ToItem(refused: 1, answered: 0))])];
        }
    }
}
