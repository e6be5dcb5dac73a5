using Alidade.Models.Batches;
using Alidade.Training.Objectives;
using static TorchSharp.torch;

namespace Alidade.Training.Trainers;

/// <summary>A prompt and answers to it.</summary>
/// <param name="Prompt">Ids that all answers begin with; may be empty.</param>
/// <param name="Answers">Ids of each answer, at least one.</param>
internal readonly record struct AnswerGroup(IReadOnlyList<int> Prompt, params IReadOnlyList<IReadOnlyList<int>> Answers)
{
    /// <summary>True when the tokens of the prompt are scored too.</summary>
    public bool ScoresPrompt { get; init; }

    /// <summary>Scored tokens of an answer: all, but for the first where there is no prompt to predict it from.</summary>
    public int TargetsOf(int answer) => Answers[answer].Count - (Prompt.Count == 0 ? 1 : 0);
}

/// <summary>Prompts with their answers as one forest: every prompt once, whatever rows it stands in, its answers as branches.</summary>
/// <param name="Forest">The batch.</param>
/// <param name="Answers">Number of answers, counted group by group.</param>
/// <param name="Owners">Number of answers and of prompts, which stand behind them, group by group.</param>
/// <param name="OwnerOfScored">For each scored token its answer or prompt.</param>
internal sealed record AnswerBatch(BranchedBatch Forest, int Answers, int Owners, IReadOnlyList<long> OwnerOfScored)
{
    public static AnswerBatch Of(IReadOnlyList<AnswerGroup> groups)
    {
        var segments = new List<Segment>();
        var owners = new List<long>();
        var (answer, answers) = (0, groups.Sum(g => g.Answers.Count));
        // Groups with one prompt hang on the same segment; a prompt that is scored belongs to its group.
        var prompts = new Dictionary<IReadOnlyList<int>, int>(IdLists.Instance);
        for (var g = 0; g < groups.Count; g++)
        {
            var (prompt, branches) = groups[g];
            var parent = -1;
            if (prompt.Count > 0 && (groups[g].ScoresPrompt || !prompts.TryGetValue(prompt, out parent)))
            {
                parent = segments.Count;
                segments.Add(new(prompt, Marks(prompt.Count, groups[g].ScoresPrompt, first: false), -1));
                owners.Add(answers + g);
                if (!groups[g].ScoresPrompt)
                    prompts.Add(prompt, parent);
            }

            foreach (var ids in branches)
            {
                // Without a prompt nothing predicts the first token.
                segments.Add(new(ids, Marks(ids.Count, true, first: parent >= 0), parent));
                owners.Add(answer++);
            }
        }

        var forest = new BranchedBatch(segments);
        return new(forest, answers, answers + groups.Count, [.. forest.SegmentOfScored.Select(s => owners[(int)s])]);
    }

    /// <summary>For each scored token of the answers alone its answer, in the order of the batch.</summary>
    public static IEnumerable<long> AnswerOfScored(IEnumerable<AnswerGroup> groups)
    {
        var answer = 0L;
        foreach (var group in groups)
            for (var a = 0; a < group.Answers.Count; a++, answer++)
                for (var t = 0; t < group.TargetsOf(a); t++)
                    yield return answer;
    }

    /// <summary>Sums over the scored tokens of each answer and prompt, [owners].</summary>
    /// <param name="values">[scored].</param>
    public Tensor Sums(Tensor values) => new TokenLogProbs(values, OwnerOfScored, Owners).RowSums();

    /// <summary>The mean over the scored tokens of some answers, []; null when there are none.</summary>
    /// <param name="values">[scored].</param>
    /// <param name="isWanted">Which answers; prompts never count.</param>
    public Tensor? MeanWhere(Tensor values, Predicate<int> isWanted)
    {
        double[] wanted = [.. OwnerOfScored.Select(o => o < Answers && isWanted((int)o) ? 1.0 : 0.0)];
        if (wanted.Sum() is var count && count == 0)
            return null;
        return (values * tensor(wanted, values.dtype, values.device)).sum() / count;
    }

    private static bool[] Marks(int count, bool scored, bool first)
    {
        var marks = new bool[count];
        Array.Fill(marks, scored);
        marks[0] = scored && first;
        return marks;
    }

    private sealed class IdLists : IEqualityComparer<IReadOnlyList<int>>
    {
        public static readonly IdLists Instance = new();

        public bool Equals(IReadOnlyList<int>? x, IReadOnlyList<int>? y) => ReferenceEquals(x, y) || (x is not null && y is not null && x.Count == y.Count && x.SequenceEqual(y));

        public int GetHashCode(IReadOnlyList<int> ids)
        {
            var hash = default(HashCode);
            foreach (var id in ids)
                hash.Add(id);
            return hash.ToHashCode();
        }
    }
}
