namespace Alidade.Core.Data;

/// <summary>One question of CBBQ. The third answer is always the one that names nobody.</summary>
public sealed record CbbqItem : IDataRow
{
    /// <summary>Number of the answer that names nobody.</summary>
    public const int Unknown = 2;

    /// <summary>"cbbq-", category, condition and number.</summary>
    public required string Id { get; init; }

    /// <summary>The category, such as "disease".</summary>
    public required string Category { get; init; }

    /// <summary>The sub-category, in Chinese.</summary>
    public required string Subcategory { get; init; }

    /// <summary>The group that the stereotype is about, in Chinese.</summary>
    public required string TargetedGroup { get; init; }

    /// <summary>True when the question asks for something bad ("neg"), false for its counterpart ("non_neg").</summary>
    public required bool Negative { get; init; }

    /// <summary>True when the context does not tell the answer.</summary>
    public required bool Ambiguous { get; init; }

    /// <summary>The context.</summary>
    public required string Context { get; init; }

    /// <summary>The question.</summary>
    public required string Question { get; init; }

    /// <summary>The three answers.</summary>
    public required IReadOnlyList<string> Answers { get; init; }

    /// <summary>Number of the right answer, from 0.</summary>
    public required int Label { get; init; }

    /// <summary>
    /// Number of the answer that names the targeted group: null in an ambiguous item until <see cref="CbbqFile.WithTargets"/> has found it. In a disambiguated item
    /// the facts contradict the stereotype, so the label tells it: the other group for a negative question, the targeted one for its counterpart.
    /// </summary>
    public int? Target { get; init; }

    /// <inheritdoc/>
    public string Group => $"{Category}-{Context}";
}

/// <summary>Reads CBBQ, JSON (a byte-order mark inside of the first name and all) or CSV.</summary>
/// <remarks>Huang and Xiong 2023 (arXiv 2306.16244).</remarks>
public static class CbbqFile
{
    /// <summary>Reads one file.</summary>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<CbbqItem> Read(string path, DataOptions? options = null) => DataRow.ReadAll(path, options, row =>
    {
        var (category, condition) = (row.FilledText("category"), row.OneOf("context_condition", "ambiguous", "disambiguous"));
        var (negative, label) = (row.OneOf("question_polarity", "neg", "non_neg") == "neg", row.Integer("label", 0, 2));
        if (condition == "disambiguous" && label == CbbqItem.Unknown)
            throw row.Error("label", "is 2 although the context tells the answer; 0 or 1 is needed", "number out of range in field 'label'");
        return new CbbqItem
        {
            Id = $"cbbq-{category}-{condition}-{row.Label("example_id")}",
            Category = category,
            Subcategory = row.FilledText("subcategory"),
            TargetedGroup = row.FilledText("bias_targeted_groups"),
            Negative = negative,
            Ambiguous = condition == "ambiguous",
            Context = row.FilledText("context"),
            Question = row.FilledText("question"),
            Answers = [row.FilledText("ans0"), row.FilledText("ans1"), row.FilledText("ans2")],
            Label = label,
            Target = condition == "ambiguous" ? null : negative ? 1 - label : label,
        };
    });

    /// <summary>
    /// The ambiguous items with <see cref="CbbqItem.Target"/> set from the disambiguated ones of the same category and group, where these agree.
    /// </summary>
    /// <remarks>The files do not say which answer names the group. The authors' scripts take the first everywhere, which holds for the diseases but is the men in the
    /// category gender.</remarks>
    public static IReadOnlyList<CbbqItem> WithTargets(IReadOnlyList<CbbqItem> ambiguous, IReadOnlyList<CbbqItem> disambiguated)
    {
        var known = disambiguated.Where(i => i.Target is not null).GroupBy(i => (i.Category, i.TargetedGroup), i => i.Target!.Value)
            .Where(g => g.Distinct().Count() == 1).ToDictionary(g => g.Key, g => g.First());
        return [.. ambiguous.Select(i => known.TryGetValue((i.Category, i.TargetedGroup), out var target) ? i with { Target = target } : i)];
    }
}
