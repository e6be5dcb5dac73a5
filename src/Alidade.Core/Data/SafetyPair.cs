namespace Alidade.Core.Data;

/// <summary>Two answers to one prompt, of which the first is the unsafer one.</summary>
public sealed record SafetyPair : IDataRow
{
    /// <summary>The row's <c>id</c> field, else a hash of its content.</summary>
    public required string Id { get; init; }

    /// <summary>What both answer.</summary>
    public required Prompt Prompt { get; init; }

    /// <summary>The unsafer answer.</summary>
    public required string Unsafer { get; init; }

    /// <summary>The safer answer.</summary>
    public required string Safer { get; init; }

    /// <summary>Whether the unsafer answer is unsafe.</summary>
    public required bool UnsaferIsUnsafe { get; init; }

    /// <summary>Whether the safer answer is unsafe.</summary>
    public required bool SaferIsUnsafe { get; init; }

    /// <inheritdoc/>
    public string Group => Prompt.Key;
}

/// <summary>
/// Reads pairs with safety labels: rows {prompt, response_0, response_1, is_response_0_safe, is_response_1_safe, safer_response_id}, as PKU-SafeRLHF. A row in which the
/// safer answer is called unsafe and the other safe is an error, or counted.
/// </summary>
/// <remarks>Ji et al. 2023 (BeaverTails, arXiv 2307.04657); Dai et al. 2023 (Safe RLHF, arXiv 2310.12773).</remarks>
public static class SafetyPairFile
{
    /// <summary>Reads a file.</summary>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<SafetyPair> Read(string path, DataOptions? options = null)
    {
        var ids = new RowIds();
        return DataRow.ReadAll(path, options, row =>
        {
            var prompt = Prompts.Of(row, "prompt");
            string[] answers = [row.FilledText("response_0"), row.FilledText("response_1")];
            bool[] safe = [Safe(row, "is_response_0_safe"), Safe(row, "is_response_1_safe")];
            var safer = row.Integer("safer_response_id", 0, 1);
            if (safe[1 - safer] && !safe[safer])
                throw row.Error("safer_response_id", "names the unsafe answer where the other is safe", "contradicting safety labels");
            if (answers[0] == answers[1])
                throw row.Error("response_1", "equals 'response_0': there is nothing to compare", "equal answers");
            return new SafetyPair
            {
                Id = ids.Of(row, [prompt.Key, .. answers]),
                Prompt = prompt,
                Unsafer = answers[1 - safer],
                Safer = answers[safer],
                UnsaferIsUnsafe = !safe[1 - safer],
                SaferIsUnsafe = !safe[safer],
            };
        });
    }

    private static bool Safe(DataRow row, string field) => DataRow.TruthOf(row.Get(field)) ?? throw row.WrongType(field, "true or false");
}
