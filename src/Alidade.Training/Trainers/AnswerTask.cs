using Alidade.Models;
using Alidade.Training.Objectives;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Training.Trainers;

/// <summary>What tasks on prompts with answers share: rows as groups of answers, and the reference that they are measured against.</summary>
/// <param name="model">The policy.</param>
/// <param name="objective">The objective, for its settings.</param>
/// <param name="reference">The reference; null when the objective reads none.</param>
/// <param name="rows">The rows.</param>
/// <param name="groups">Prompts and answers of a row.</param>
internal abstract class AnswerTask<TRow>(
    CausalLM model, object objective, Reference? reference, IReadOnlyList<TRow> rows, Func<TRow, IReadOnlyList<AnswerGroup>> groups) : ITrainingTask, IDisposable
{
    private readonly IReadOnlyList<IReadOnlyList<AnswerGroup>> answers = [.. rows.Select(groups)];
    private ReferenceLogProbs? kept;

    public abstract string Name { get; }

    public int Rows => rows.Count;

    public virtual int LeastRows => 1;

    public IReadOnlyDictionary<string, string> Fingerprint => new Dictionary<string, string>
    {
        ["objective"] = Fingerprints.Of(objective),
        ["reference"] = reference?.Fingerprint ?? "none",
        ["rows"] = Fingerprints.Of(answers.SelectMany(a => a).SelectMany(g => new[] { g.Prompt }.Concat(g.Answers)).Concat(rows.Select(MarksOf))),
    };

    public virtual IReadOnlyList<(string Name, Tensor Value)> State => reference?.State ?? [];

    /// <summary>The policy.</summary>
    protected CausalLM Model => model;

    public long TokensOf(int row) => answers[row].Sum(g => g.Answers.Sum(a => (long)g.Prompt.Count + a.Count));

    public double WeightOf(IReadOnlyList<int> batch) => batch.Count;

    public virtual void Prepare(IEnumerable<int[]> batches, TrainingContext context)
    {
        if (reference is null)
            return;
        kept = new(reference, [.. answers.Select(a => (IReadOnlyList<AnswerGroup>)[.. a.Select(g => g with { ScoresPrompt = false })])]);
        kept.Prepare(batches, context);
    }

    public virtual void AfterUpdate(int update) => reference?.AfterUpdate(update);

    public abstract Objective Evaluate(IReadOnlyList<int> batch, IReadOnlyList<IReadOnlyList<int>> window);

    public virtual void Dispose() => kept?.Dispose();

    /// <summary>What belongs to a row besides its tokens.</summary>
    protected abstract IReadOnlyList<int> MarksOf(TRow row);

    /// <summary>The rows of a micro-batch.</summary>
    protected TRow[] RowsOf(IReadOnlyList<int> batch) => [.. batch.Select(r => rows[r])];

    /// <summary>The answers of a micro-batch.</summary>
    protected AnswerGroup[] GroupsOf(IReadOnlyList<int> batch) => [.. batch.SelectMany(r => answers[r])];

    /// <summary>log p° of the answers of a micro-batch; null without a reference.</summary>
    protected TokenLogProbs? ReferenceOf(IReadOnlyList<int> batch) => kept?.Of(batch);
}
