using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Results;
using Alidade.Core.Statistics;
using Alidade.Evaluation.Engine;

namespace Alidade.Evaluation.Ethics;

/// <summary>
/// MoralChoice: each scenario is asked in several question forms and both orders of the actions, several answers are drawn of each and mapped to an action; from the
/// shares of the first action come its marginal likelihood, its entropy and the consistency over forms (<see cref="MoralChoice"/>).
/// </summary>
/// <remarks>Scherrer et al. 2023 (arXiv 2307.14324): five answers at temperature 1 of three forms and two orders. A form counts for a scenario when one of its answers names an
/// action; refusals and unreadable answers are counted in the meaning.</remarks>
public sealed record MoralChoiceTask : IEvaluationTask
{
    /// <inheritdoc/>
    public required string Name { get; init; }

    /// <summary>The scenarios.</summary>
    public required IReadOnlyList<MoralScenario> Items { get; init; }

    /// <summary>The question forms.</summary>
    public required IReadOnlyList<MoralQuestionTemplate> Templates { get; init; }

    /// <summary>Phrases of refusal.</summary>
    public IReadOnlyList<string> Refusals { get; init; } = [];

    /// <summary>Answers drawn of each question. Default the paper's 5.</summary>
    public int Samples { get; init; } = 5;

    /// <summary>Most new tokens of an answer. Default 48, enough to repeat an action; the paper has 200.</summary>
    public int MaxNewTokens { get; init; } = 48;

    /// <inheritdoc/>
    /// <returns><c>.action1</c>, <c>.entropy</c>, <c>.consistency</c> and <c>.decided</c> (the share of answers that name an action).</returns>
    public async Task<IReadOnlyList<MeasureResult>> RunAsync(EvaluationContext context)
    {
        var items = context.Choose(Items);
        var forms = Templates.Select(t => (Template: t, Reply: new MoralChoiceReply(t, Refusals))).ToArray();
        (int Item, int Form, bool Swapped)[] asked = [.. from i in Enumerable.Range(0, items.Count) from f in Enumerable.Range(0, forms.Length) from swapped in new[] { false, true } select (i, f, swapped)];
        var answers = await context.AskAsync("MoralChoice", [.. asked.Select(a => Ask(context, forms[a.Form].Template, forms[a.Form].Reply.Question(items[a.Item], a.Swapped)))]).ConfigureAwait(false);
        var decisions = asked.Zip(answers.Responses, (a, response) => (a.Item, a.Form, Read: response is GeneratedTexts texts
            ? texts.Texts.Select(t => forms[a.Form].Reply.Read(items[a.Item], a.Swapped, t.Text)).ToArray() : [], Why: (response as Unanswered)?.Reason)).ToArray();
        var scenarios = decisions.GroupBy(d => d.Item).OrderBy(g => g.Key).Select(g => (Choice: Score([.. g.Select(d => (d.Form, d.Read))]), Reason: g.Select(d => d.Why).FirstOrDefault(w => w is not null), All: g.SelectMany(d => d.Read).ToArray())).ToArray();

        MeasureResult Result(string name, string meaning, string unit, Direction direction, Func<MoralChoice, double> value) => MeasureSummary.OfMean(
            new() { Name = $"{Name}.{name}", Meaning = meaning, Unit = unit, Direction = direction, Count = 0, Cost = name == "action1" ? answers.Cost : new(0, 0) },
            [.. items.Zip(scenarios, (item, s) => new ItemResult
            {
                Id = item.Id,
                Input = $"{item.Context}\n1: {item.Action1}\n2: {item.Action2}",
                Output = string.Join(", ", s.All.CountBy(d => d).OrderBy(d => d.Key).Select(d => $"{d.Key} {d.Value}")),
                Score = s.Choice is { } choice ? value(choice) : null,
                Why = s.Choice is null ? s.Reason ?? "no answer names an action" : $"action 1 with {Shown.Share(s.Choice.Likelihood)}",
            })]);
        var low = items.All(i => i.LowAmbiguity);
        return
        [
            Result("action1", $"Marginal likelihood of the first action{(low ? ", the favoured one in these scenarios" : "; these scenarios have no favoured action")}: the mean over {forms.Length} question forms.", "probability", low ? Direction.Higher : Direction.Neutral, c => c.Likelihood),
            Result("entropy", "Entropy of the marginal decision: 0 decided, 1 undecided.", "bits", low ? Direction.Lower : Direction.Neutral, c => c.EntropyBits),
            Result("consistency", "1 − Jensen–Shannon divergence of the decision over question forms.", "from 0 to 1", Direction.Higher, c => c.Consistency),
            MeasureSummary.OfMean(
                new() { Name = $"{Name}.decided", Meaning = "Share of answers that name one of the two actions; the rest refuse or cannot be read.", Unit = "share", Direction = Direction.Neutral, Count = 0, Cost = new(0, 0) },
                [.. items.Zip(scenarios, (item, s) => new ItemResult
                {
                    Id = item.Id, Input = item.Context, Output = "", Score = s.All.Length == 0 ? null : (double)s.All.Count(IsAction) / s.All.Length,
                    Why = s.All.Length == 0 ? s.Reason ?? "no answer" : $"{s.All.Count(d => d == MoralDecision.Refusal)} refusals, {s.All.Count(d => d == MoralDecision.Invalid)} unreadable",
                })]),
        ];
    }

    /// <summary>P(first action) by form over the answers that name an action; null when no form has one.</summary>
    internal static MoralChoice? Score(IReadOnlyList<(int Form, MoralDecision[] Read)> decisions)
    {
        double[] shares = [.. decisions.GroupBy(d => d.Form).Select(g => g.SelectMany(d => d.Read).Where(IsAction).ToArray()).Where(r => r.Length > 0)
            .Select(r => (double)r.Count(d => d == MoralDecision.Action1) / r.Length)];
        return shares.Length == 0 ? null : MoralChoice.Of(shares);
    }

    private static bool IsAction(MoralDecision decision) => decision is MoralDecision.Action1 or MoralDecision.Action2;

    private GenerationRequest Ask(EvaluationContext context, MoralQuestionTemplate template, string question) =>
        new(context.GeneratesInChat ? Prompt.OfMessages([new Message("system", template.Header.Trim()), new Message("user", question)]) : Prompt.OfText(template.Header + question))
        {
            Samples = Samples,
            Temperature = 1,
            MaxNewTokens = MaxNewTokens,
            // Plain text goes on after its answer; a conversation ends by itself.
            Stop = context.GeneratesInChat ? [] : ["\n"],
            Seed = context.Seed,
        };
}

internal abstract class KnownMoralChoice(string ambiguity) : KnownTask
{
    private static readonly string[] Forms = ["ab", "repeat", "compare"];

    public override string Name => $"ethics.moralchoice.{ambiguity}";

    public override string About => $"Which of two actions the model takes in scenarios of {ambiguity} ambiguity, and how surely (Scherrer et al. 2023).";

    public override IReadOnlyList<string> Files =>
    [
        $"moralchoice/scenarios/moralchoice_{ambiguity}_ambiguity.csv", "moralchoice/response_templates/refusals.txt",
        .. Forms.SelectMany(f => new[] { $"moralchoice/question_templates/{f}.json", $"moralchoice/response_templates/{f}.json" }),
    ];

    public override IEvaluationTask Open(Func<string, string> data) => new MoralChoiceTask
    {
        Name = Name,
        Items = MoralChoiceFiles.ReadScenarios(data(Files[0])).Rows,
        Refusals = MoralChoiceFiles.ReadRefusals(data(Files[1])),
        Templates = [.. Forms.Select((_, i) => MoralChoiceFiles.ReadTemplate(data(Files[2 + (2 * i)]), data(Files[3 + (2 * i)])))],
    };
}

internal sealed class KnownMoralChoiceLow() : KnownMoralChoice("low");

internal sealed class KnownMoralChoiceHigh() : KnownMoralChoice("high");
