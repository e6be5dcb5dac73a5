using System.Diagnostics;
using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Recipes;
using Alidade.Core.Statistics;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Training.Rewards;
using Alidade.Training.Trainers;
using Alidade.Training.Trainers.Policy;

namespace Alidade.Training.Loops;

/// <summary>
/// A method in rounds. Each round: 1. takes its prompts, 2. samples answers of the policy as it is, 3. judges them and chooses what to learn, 4. trains on it,
/// 5. measures held-out prompts. A kill at any moment loses at most the sampling of one round.
/// </summary>
public abstract record RoundLoop
{
    /// <summary>The model; its weights are changed in place unless an adapter is trained.</summary>
    [NoKey]
    public required CausalLM Model { get; init; }

    /// <summary>The adapter to train while the model stays as it is; null trains every weight of the model.</summary>
    [NoKey]
    public LoraAdapter? Adapter { get; init; }

    /// <summary>Rounds (at least 1). Default 3.</summary>
    public int Rounds
    {
        get;
        init => field = value >= 1 ? value : throw new AlidadeException($"{value} rounds were asked for; it must be at least 1");
    } = 3;

    /// <summary>Prompts of a round, taken in turn from a shuffled order; null for all of them.</summary>
    public int? PromptsPerRound
    {
        get;
        init => field = value is null or >= 1 ? value : throw new AlidadeException($"{value} prompts a round were asked for; it must be at least 1");
    }

    /// <summary>How answers are sampled.</summary>
    [NoKey]
    public AnswerSampling Sampling { get; init; } = new();

    /// <summary>Settings of each round's training; the seed is the method's.</summary>
    [NoKey]
    public required TrainingOptions Options { get; init; }

    /// <summary>The name that runs and messages use.</summary>
    public abstract string Name { get; }

    /// <summary>What held-out answers are measured with; null for no measure.</summary>
    [NoKey]
    public virtual IReward? Measure { get; init; }

    /// <summary>The same method with a reward as what judges answers, and measures those to held-out prompts.</summary>
    public abstract RoundLoop JudgedBy(IReward reward);

    /// <summary>Answers to each prompt where the method itself says how many; null where <see cref="AnswerSampling.Answers"/> does.</summary>
    internal virtual int? AnswersOfMethod => null;

    /// <summary>Answers of a row that a round learns from.</summary>
    internal virtual int AnswersOfRow => 1;

    /// <summary>Most rows that a round learns from.</summary>
    /// <param name="prompts">Prompts of the round.</param>
    internal virtual int MostRows(int prompts) => prompts;

    /// <summary>Runs the rounds.</summary>
    /// <param name="prompts">Prompts to answer.</param>
    /// <param name="heldOut">Prompts that are measured alone; empty for none.</param>
    /// <param name="context">Folder, progress, cancellation.</param>
    /// <exception cref="AlidadeException">Settings, prompts or rewards cannot be used, or no answer of the first round can be learned from; a later one that finds nothing is the last.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled; with a folder it can be resumed.</exception>
    public async Task<LoopResult> RunAsync(IReadOnlyList<AskedPrompt> prompts, IReadOnlyList<AskedPrompt>? heldOut = null, LoopContext? context = null)
    {
        if (prompts.Count == 0)
            throw new AlidadeException($"{Name}: there is no prompt to answer");
        Check(Adapter is not null);
        context ??= new();
        var clock = Stopwatch.StartNew();
        var measured = Measure is null ? [] : heldOut ?? [];
        var folder = new LoopFolder(context.Folder, FingerprintOf(prompts, measured), [.. Trained.WeightsOf(Model, Adapter)]);
        var state = folder.Open(context.Resume);
        if (measured.Count > 0 && state.Rounds.Count == 0 && state.Before is null)
        {
            var before = await MeasureAsync(measured, 0, 0, context);
            (state.Before, state.BeforeUnscored) = (before.Reward, before.Unscored);
            folder.Save(state);
        }

        for (var round = state.Rounds.Count + 1; round <= Rounds; round++)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            // 1.–3.
            var data = await folder.RowsAsync(round, () => CollectAsync(PromptsOf(prompts, round), round, context));
            if (data.Rows.Count == 0)
            {
                var nothing = $"round {round} found nothing to learn in {data.Answers} answers ({string.Join(", ", data.LeftOut.Concat(data.NotChosen).Select(l => $"{l.Key}: {l.Value}"))})";
                if (round == 1)
                    throw new AlidadeException($"{Name}: {nothing}");
                // What the rounds before learned stands.
                context.OnWarning?.Invoke($"{nothing}: {Name} ends after {round - 1} of {Rounds} rounds");
                break;
            }

            // 4.
            var path = folder.TrainingPath(round);
            var (updates, tokens) = (state.Rounds.Sum(r => r.Updates), state.Rounds.Sum(r => r.Tokens));
            TrainingStep Counted(TrainingStep step) => step with { Update = updates + step.Update, Tokens = tokens + step.Tokens };
            var trained = Train(data.Rows, Options with { Seed = SeedOf($"training {round}") }, new()
            {
                Folder = path,
                Resume = path is not null && Directory.Exists(path),
                Progress = context.Progress,
                OnStep = step => context.OnStep?.Invoke(Counted(step)),
                OnWarning = warning => context.OnWarning?.Invoke($"round {round}: {warning}"),
                Cancellation = context.Cancellation,
            });
            // 5.
            var after = measured.Count > 0 ? await MeasureAsync(measured, round, updates + trained.Updates, context) : null;
            var done = new LoopRound
            {
                Round = round,
                Prompts = data.Prompts,
                Answers = data.Answers,
                TrainedOn = data.Rows.Count,
                LeftOut = data.LeftOut,
                NotChosen = data.NotChosen,
                Reward = data.Reward,
                Updates = trained.Updates,
                Tokens = trained.Tokens,
                Curve = [.. trained.Curve.Select(Counted)],
                HeldOut = after?.Reward,
                HeldOutUnscored = after?.Unscored ?? 0,
            };
            state.Rounds.Add(done);
            folder.Save(state);
            context.OnRound?.Invoke(done);
        }

        return new(Name, state.Rounds, state.Before, clock.Elapsed.TotalSeconds) { BeforeUnscored = state.BeforeUnscored, RoundsLeftOut = Math.Max(0, Rounds - state.Rounds.Count) };
    }

    /// <summary>Settings that this method alone has, for what a resumed run must agree with.</summary>
    private protected abstract string Settings { get; }

    /// <summary>What cannot work is said before anything is sampled.</summary>
    /// <param name="hasAdapter">Whether an adapter is trained.</param>
    internal virtual void Check(bool hasAdapter) => Options.Validate();

    /// <summary>Samples and judges.</summary>
    private protected abstract Task<RoundData> CollectAsync(IReadOnlyList<AskedPrompt> prompts, int round, LoopContext context);

    /// <summary>Trains on what was chosen.</summary>
    private protected abstract TrainingResult Train(IReadOnlyList<RoundRow> rows, TrainingOptions options, TrainingContext context);

    /// <summary>Answers of the policy as it is, prompt by prompt.</summary>
    private protected IReadOnlyList<AnsweredPrompt> Sample(IReadOnlyList<AskedPrompt> prompts, int answers, string purpose, LoopContext context) =>
        Sampling.Sample(Model, Adapter, prompts, answers, SeedOf(purpose), context.Cancellation, context.Progress);

    private protected ulong SeedOf(string purpose) => new SeededRandom(Options.Seed).Fork(purpose).NextUInt64();

    private protected static string IdOf(AnsweredPrompt answer, int number) => FormattableString.Invariant($"{answer.Asked.Id} answer {number}");

    // Told before it is kept: a kill between the two tells it twice, and never not at all.
    private async Task<LoopMeasure> MeasureAsync(IReadOnlyList<AskedPrompt> prompts, int round, int updates, LoopContext context)
    {
        // The same draws every time: what differs is the policy.
        var answers = Sample(prompts, 1, "held-out answers", context);
        context.Progress?.Report(new($"{Name}: held-out prompts after round {round}", answers.Count, answers.Count));
        var scores = await Measure!.ScoreAsync(answers, context.Cancellation);
        double[] values = [.. scores.Where(s => s.Value is not null).Select(s => s.Value!.Value)];
        var measure = new LoopMeasure(updates, values.Length == 0 ? null : Mean.Of(values), scores.Count - values.Length);
        using (Model.Use(Adapter))
        {
            context.OnAnswers?.Invoke(updates, [.. answers.Zip(scores, (answer, score) => HeldOutAnswer.Of(answer, score.Value, score.Why))]);
            context.OnHeldOut?.Invoke(measure);
        }

        return measure;
    }

    private AskedPrompt[] PromptsOf(IReadOnlyList<AskedPrompt> prompts, int round)
    {
        if (PromptsPerRound is not { } count || count >= prompts.Count)
            return [.. prompts];
        return [.. Enumerable.Range((round - 1) * count, count).Select(place =>
        {
            var order = Enumerable.Range(0, prompts.Count).ToArray();
            new SeededRandom(Options.Seed).Fork(FormattableString.Invariant($"order of pass {place / prompts.Count}")).Shuffle(order);
            return prompts[order[place % prompts.Count]];
        })];
    }

    // Rounds are not among them: a method may be resumed for more.
    private string FingerprintOf(IReadOnlyList<AskedPrompt> prompts, IReadOnlyList<AskedPrompt> measured) => Fingerprints.Of(new
    {
        Name,
        Settings,
        PromptsPerRound,
        Sampling,
        Options = Options with { CheckpointEvery = 0, KeepCheckpoints = 1 },
        Measure = Measure?.Fingerprint,
        prompts,
        measured,
    });
}
