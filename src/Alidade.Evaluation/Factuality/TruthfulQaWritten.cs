using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Results;
using Alidade.Core.Statistics;
using Alidade.Evaluation.Engine;

namespace Alidade.Evaluation.Factuality;

/// <summary>Answers that a model writes to the questions of TruthfulQA.</summary>
public sealed record TruthfulQaAnswers
{
    /// <summary>Most new tokens of an answer. Default 256, as in the harness.</summary>
    public int MaxNewTokens { get; init; } = 256;

    /// <summary>
    /// Whether a plain prompt ends with the question, as it does in lm-evaluation-harness 0.4.13, so that the model has to begin with "A:" itself. Default false: it ends
    /// with "A:".
    /// </summary>
    public bool EndAtQuestion { get; init; }

    /// <summary>What a question is asked as: the question alone in a conversation, after six answered questions in plain text.</summary>
    public GenerationRequest Request(TruthfulQaItem item, bool inChat) => inChat
        ? new(new Message("user", item.Question)) { MaxNewTokens = MaxNewTokens }
        : new(Prompt.OfText(EndAtQuestion ? TruthfulQaPrimer.Before(item.Question)[..^"\nA:".Length] : TruthfulQaPrimer.Before(item.Question)))
        {
            MaxNewTokens = MaxNewTokens,
            Stop = ["\n\n"],
        };
}

/// <summary>
/// TruthfulQA, generation by overlap: for BLEU and ROUGE the largest with a true answer (max), that minus the largest with a false answer (diff), and how often that is above
/// 0 (acc).
/// </summary>
/// <remarks>Lin et al. 2022 (arXiv 2109.07958); lm-evaluation-harness 0.4.13 <c>truthfulqa_gen</c>. See <see cref="TruthfulQaGeneration"/>.</remarks>
public sealed record TruthfulQaOverlap : IEvaluationTask
{
    private static readonly (string Name, Func<TruthfulQaOverlaps, TruthfulOverlap> Of)[] Overlaps =
        [("bleu", o => o.Bleu), ("rouge1", o => o.Rouge1), ("rouge2", o => o.Rouge2), ("rougeL", o => o.RougeL)];

    private static readonly (string Name, string Meaning, string Unit, Func<TruthfulOverlap, double> Of)[] Numbers =
    [
        ("acc", "Share of questions where the written answer is nearer to a true answer than to every false one, by {0}.", "share", o => o.Accuracy),
        ("diff", "Overlap with the nearest true answer minus that with the nearest false answer, by {0}, mean over the questions.", "points of 100", o => o.Difference),
        ("max", "Overlap with the nearest true answer, by {0}, mean over the questions.", "points of 100", o => o.True),
    ];

    /// <inheritdoc/>
    public string Name => "factuality.truthfulqa.generation";

    /// <summary>The questions.</summary>
    public required IReadOnlyList<TruthfulQaItem> Items { get; init; }

    /// <summary>How answers are written.</summary>
    public TruthfulQaAnswers Answers { get; init; } = new();

    /// <inheritdoc/>
    /// <returns><c>….bleu_acc</c>, <c>….bleu_diff</c>, <c>….bleu_max</c>, and the same for rouge1, rouge2 and rougeL.</returns>
    public async Task<IReadOnlyList<MeasureResult>> RunAsync(EvaluationContext context)
    {
        var items = context.Choose(Items);
        var answers = await context.AskAsync("TruthfulQA, written", [.. items.Select(i => Answers.Request(i, context.GeneratesInChat))]).ConfigureAwait(false);
        var scored = items.Zip(answers.Responses, (item, response) => (item, response, Overlap: response is GeneratedTexts texts ? Score(item, texts.First.Text) : null)).ToArray();
        return
        [
            .. from overlap in Overlaps
               from number in Numbers
               let about = new Measurement
               {
                   Name = $"{Name}.{overlap.Name}_{number.Name}",
                   Meaning = string.Format(System.Globalization.CultureInfo.InvariantCulture, number.Meaning, overlap.Name),
                   Unit = number.Unit,
                   Direction = Direction.Higher,
                   Count = 0,
                   Cost = answers.Cost,
               }
               select MeasureSummary.OfMean(about, [.. scored.Select(s => Item(s.item, s.response, s.Overlap is null ? null : number.Of(overlap.Of(s.Overlap))))]),
        ];
    }

    internal static TruthfulQaOverlaps Score(TruthfulQaItem item, string answer)
    {
        var (correct, incorrect) = TruthfulQaGeneration.References(item);
        return TruthfulQaGeneration.Score(answer, correct, incorrect);
    }

    private static ItemResult Item(TruthfulQaItem item, Response response, double? score) => new()
    {
        Id = item.Id,
        Input = item.Question,
        Output = response is GeneratedTexts texts ? texts.First.Text : "",
        Score = score,
        Why = response is Unanswered unanswered ? unanswered.Reason : $"best true answer: {item.BestAnswer}",
        Truncated = response is GeneratedTexts { First.Truncated: true },
    };
}

internal sealed class KnownTruthfulQaOverlap : KnownTask
{
    public override string Name => "factuality.truthfulqa.generation";

    public override string About => "Written answers to questions that people often answer wrongly, by their overlap with true and false answers (Lin et al. 2022).";

    public override IReadOnlyList<string> Files => ["truthfulqa/original-817/TruthfulQA.csv"];

    public override IEvaluationTask Open(Func<string, string> data) => new TruthfulQaOverlap { Items = Core.Data.TruthfulQa.Read(data(Files[0])).Rows };
}
