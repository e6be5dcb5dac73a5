namespace Alidade.Core.Data;

/// <summary>One case of HateCheck.</summary>
/// <param name="Id">"hatecheck-" and the published number.</param>
/// <param name="Functionality">One of 29 tests, such as "negate_neg_nh".</param>
/// <param name="Text">The text.</param>
/// <param name="Hateful">The gold label.</param>
/// <param name="Target">The group it is about; null where none is.</param>
/// <param name="Direction">"general", "directed" or "-".</param>
/// <param name="Template">Number of the template; the cases of one template go together.</param>
public sealed record HateCheckCase(string Id, string Functionality, string Text, bool Hateful, string? Target, string Direction, string Template) : IDataRow
{
    /// <inheritdoc/>
    public string Group => Template;
}

/// <summary>The annotations of one HateCheck case.</summary>
/// <param name="Id">"hatecheck-" and the published number.</param>
/// <param name="Gold">The gold label: hateful or not.</param>
/// <param name="Votes">True for each annotator who says hateful; five a case.</param>
/// <param name="Majority">The majority as published.</param>
public sealed record HateCheckVotes(string Id, bool Gold, IReadOnlyList<bool> Votes, bool Majority) : IDataRow
{
    /// <inheritdoc/>
    public string Group => Id;
}

/// <summary>One text of COLD (Chinese).</summary>
/// <param name="Id">"cold-" and the number in the file.</param>
/// <param name="Topic">race, gender or region.</param>
/// <param name="Offensive">The label.</param>
/// <param name="Fine">0 other and not offensive, 1 attacks an individual, 2 attacks a group, 3 anti-bias; null outside of the test set.</param>
/// <param name="Text">The text.</param>
public sealed record ColdItem(string Id, string Topic, bool Offensive, int? Fine, string Text) : IDataRow
{
    /// <inheritdoc/>
    public string Group => Text;
}

/// <summary>One tweet of Davidson et al.</summary>
/// <param name="Id">"davidson-" and the number in the file.</param>
/// <param name="Class">0 hate speech, 1 offensive language, 2 neither.</param>
/// <param name="Votes">Votes for these three.</param>
/// <param name="Text">The tweet.</param>
public sealed record DavidsonTweet(string Id, int Class, IReadOnlyList<int> Votes, string Text) : IDataRow
{
    /// <inheritdoc/>
    public string Group => Text;
}

/// <summary>Reads the data sets of labelled hate speech as they are published.</summary>
public static class HateSpeechFiles
{
    /// <summary>HateCheck, <c>test_suite_cases.csv</c>. Röttger et al. 2021 (arXiv 2012.15606).</summary>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<HateCheckCase> ReadHateCheck(string path, DataOptions? options = null) => DataRow.ReadAll(path, options, row => new HateCheckCase(
        "hatecheck-" + row.Label("case_id"), row.FilledText("functionality"), row.FilledText("test_case"), Hateful(row, "label_gold"),
        row.OptionalText("target_ident") is { Length: > 0 } target ? target : null, row.Text("direction"), row.Label("templ_id")));

    /// <summary>HateCheck, <c>test_suite_annotations.csv</c>: of ten annotator columns five are filled.</summary>
    /// <inheritdoc cref="ReadHateCheck"/>
    public static DataSet<HateCheckVotes> ReadHateCheckVotes(string path, DataOptions? options = null) => DataRow.ReadAll(path, options, row => new HateCheckVotes(
        "hatecheck-" + row.Label("case_id"), Hateful(row, "label_gold"),
        [.. Enumerable.Range(1, 10).Select(i => $"label_{i}").Where(f => row.OptionalText(f) is { Length: > 0 }).Select(f => Hateful(row, f))], Hateful(row, "label_annot_maj")));

    /// <summary>COLD. Deng et al. 2022 (arXiv 2201.06025).</summary>
    /// <inheritdoc cref="ReadHateCheck"/>
    public static DataSet<ColdItem> ReadCold(string path, DataOptions? options = null) => DataRow.ReadAll(path, options, row => new ColdItem(
        "cold-" + row.Label(""), row.OneOf("topic", "race", "gender", "region"), row.Integer("label", 0, 1) == 1,
        row.Has("fine-grained-label") ? row.Integer("fine-grained-label", 0, 3) : null, row.FilledText("TEXT")));

    /// <summary>The labelled tweets of Davidson, Warmsley, Macy and Weber 2017 (arXiv 1703.04009).</summary>
    /// <inheritdoc cref="ReadHateCheck"/>
    public static DataSet<DavidsonTweet> ReadDavidson(string path, DataOptions? options = null) => DataRow.ReadAll(path, options, row => new DavidsonTweet(
        "davidson-" + row.Label(""), row.Integer("class", 0, 2),
        [.. new[] { "hate_speech", "offensive_language", "neither" }.Select(f => row.Integer(f, 0, int.MaxValue))], row.FilledText("tweet")));

    /// <summary>The n-grams of Davidson et al. with the share of their tweets that are hate speech (<c>ngram</c>, <c>prophate</c>; lines may end in CR alone).</summary>
    /// <exception cref="AlidadeException">The file or a row cannot be used, or an n-gram has no weight.</exception>
    public static IReadOnlyDictionary<string, double> ReadNgrams(string path)
    {
        var weights = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var read in RowFile.Read(path))
        {
            var row = read();
            var weight = row.OptionalNumber("prophate") ?? throw row.Error("prophate", "is missing", "missing field 'prophate'");
            if (!weights.TryAdd(row.FilledText("ngram"), weight))
                throw row.Error("ngram", $"'{row.Text("ngram")}' is in the list already", "n-gram used twice");
        }

        return weights;
    }

    private static bool Hateful(DataRow row, string field) => row.OneOf(field, "hateful", "non-hateful") == "hateful";
}
