namespace Alidade.Core.Data;

/// <summary>One answer to a prompt, with whether it is wanted.</summary>
public sealed record UnpairedAnswer : IDataRow
{
    /// <summary>The row's <c>id</c> field, else a hash of its content.</summary>
    public required string Id { get; init; }

    /// <summary>What is answered.</summary>
    public required Prompt Prompt { get; init; }

    /// <summary>The answer.</summary>
    public required string Completion { get; init; }

    /// <summary>True for an answer that is wanted.</summary>
    public required bool Label { get; init; }

    /// <summary>How probable it is that an answer to this prompt is wanted, where the data say so; BCO weighs unwanted answers by it.</summary>
    public double? DesirableProbability { get; init; }

    /// <inheritdoc/>
    public string Group => Prompt.Key;

    /// <summary>Pairs as single answers: all preferred ones, then all others.</summary>
    /// <remarks>The order of TRL's <c>unpair_preference_dataset</c>.</remarks>
    public static IReadOnlyList<UnpairedAnswer> OfPairs(IReadOnlyList<PreferencePair> pairs) =>
    [
        .. pairs.Select(p => new UnpairedAnswer { Id = p.Id + "/chosen", Prompt = p.Prompt, Completion = p.Chosen, Label = true }),
        .. pairs.Select(p => new UnpairedAnswer { Id = p.Id + "/rejected", Prompt = p.Prompt, Completion = p.Rejected, Label = false }),
    ];
}

/// <summary>
/// Reads single answers: rows {prompt, completion, label}, or preference pairs, which are taken apart. A broken row or an empty answer is an error that names file,
/// line and field, or is counted (<see cref="DataOptions.DropInvalidRows"/>).
/// </summary>
/// <remarks>Row type as TRL 1.16 names it ("unpaired preference").</remarks>
public static class UnpairedFile
{
    /// <summary>Reads a file.</summary>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<UnpairedAnswer> Read(string path, DataOptions? options = null)
    {
        if (HoldsPairs(path))
        {
            var pairs = PreferenceFile.Read(path, options: options);
            return new(UnpairedAnswer.OfPairs(pairs.Rows), pairs.Dropped, pairs.File);
        }

        var ids = new RowIds();
        return DataRow.ReadAll(path, options, row =>
        {
            var prompt = Prompts.Of(row, "prompt");
            var completion = Prompts.Answer(row, "completion");
            if (string.IsNullOrWhiteSpace(completion))
                throw row.Error("completion", "holds an empty answer", "empty answer in field 'completion'");
            var label = row.Truth("label");
            return new UnpairedAnswer
            {
                Id = ids.Of(row, prompt.Key, completion, label ? "true" : "false"),
                Prompt = prompt,
                Completion = completion,
                Label = label,
                DesirableProbability = row.OptionalProbability("desirable_probability"),
            };
        });
    }

    /// <summary>True for a file of preference pairs: the first row that can be read says which kind it is.</summary>
    internal static bool HoldsPairs(string path)
    {
        foreach (var read in RowFile.Read(path))
            try
            {
                var row = read();
                return row.Has("chosen") && !row.Has("completion");
            }
            catch (DataRowException)
            {
                continue;
            }

        return false;
    }
}
