using Alidade.Core.Results;
using Alidade.Evaluation.Behaviour;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.Factuality;
using Alidade.Evaluation.General;
using Alidade.Models;
using Alidade.RedTeam;
using Alidade.RedTeam.Jailbreak;

namespace Alidade.Cli.Align;

/// <summary>What a task gave, as the run keeps it.</summary>
/// <param name="Results">Its results; empty when it was not run.</param>
/// <param name="NotRun">Why a task of a suite was not run; null when it was.</param>
internal sealed record TaskOutcome(IReadOnlyList<MeasureResult> Results, string? NotRun = null);

/// <summary>The measures and attacks that a recipe asks for.</summary>
internal static class AlignMeasures
{
    /// <summary>Contexts below this many tokens.</summary>
    private const int SmallContext = 1024;

    /// <summary>The measures, by the name their results are stored under.</summary>
    public static IEnumerable<PlannedTask> MeasuresOf(AlignRecipe recipe, AlignData data, CausalLM model)
    {
        var m = recipe.Measures;
        yield return new(new PreferenceAccuracy { Items = data.Split.HeldOut }, m.PreferenceLimit);
        if (data.Perplexity is { } texts)
            yield return new(new Perplexity { Items = texts.Rows }, m.Perplexity!.Limit);
        if (data.CrowsPairs is { } pairs)
            yield return new(new Evaluation.Bias.CrowsPairs { Items = pairs.Rows }, m.CrowsPairs!.Limit);
        if (data.TruthfulQa is { } questions)
            yield return new(new Evaluation.Factuality.TruthfulQa { Items = questions.Rows, Prompt = TruthfulQaPromptOf(model) }, m.TruthfulQa!.Limit);
        if (data.Refusals is { } requests)
            yield return new(new Refusals { Items = requests.Rows, Answers = new() { MaxNewTokens = m.MaxNewTokens } }, m.Refusals!.Limit);
    }

    /// <summary>The attacks.</summary>
    public static IEnumerable<IAttack> AttacksOf(AlignRecipe recipe, AlignData data)
    {
        if (data.Refusals is not { } requests)
            yield break;
        var tokens = recipe.Measures.MaxNewTokens;
        yield return new DirectRequest { Items = requests.Rows, MaxNewTokens = tokens };
        yield return new PrefilledAnswer { Items = requests.Rows, MaxNewTokens = tokens, Prefill = recipe.Attacks.Prefill };
    }

    /// <summary>Runs a task; one of a suite that this model or these instruments cannot serve is left out and told.</summary>
    public static TaskOutcome Run(IEvaluationTask task, EvaluationContext context, bool isOfSuite)
    {
        try
        {
            return new(task.RunAsync(context).GetAwaiter().GetResult());
        }
        catch (MissingInstrumentException exception) when (isOfSuite)
        {
            return new([], exception.Message);
        }
    }

    // The six examples of the published prompt do not fit into a small context.
    private static TruthfulQaPrompt TruthfulQaPromptOf(CausalLM model) =>
        model.ChatTemplate is not null && model.Config.ContextLength < SmallContext ? TruthfulQaPrompt.ChatZeroShot : TruthfulQaPrompt.SixShot;
}
