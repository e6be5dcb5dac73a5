using Alidade.Core.Files;

namespace Alidade.Core.Data;

/// <summary>How people judge a behaviour.</summary>
public enum NormJudgement
{
    /// <summary>It's okay.</summary>
    Okay,

    /// <summary>It's good.</summary>
    Good,

    /// <summary>It's wrong.</summary>
    Wrong,
}

/// <summary>A behaviour and how people judge it.</summary>
/// <param name="Id">"norm-" and a hash of the behaviour.</param>
/// <param name="Action">The behaviour, such as "keeping a promise".</param>
/// <param name="Judgement">How people judge it.</param>
public sealed record NormItem(string Id, string Action, NormJudgement Judgement) : IDataRow
{
    /// <inheritdoc/>
    public string Group => Action;
}

/// <summary>
/// Reads social norms as TrustGPT takes them from Social Chemistry 101 (<c>action</c>, <c>rot-judgment</c>): the rows judged "it's okay", "it's good" or "it's wrong"; the others are left out and counted.
/// </summary>
/// <remarks>Forbes et al. 2020 (arXiv 2011.00620); Huang et al. 2023 (arXiv 2306.11507).</remarks>
public static class NormFile
{
    /// <summary>Reads the file (<c>social-chem-101.v1.0.tsv</c>, or rows with <c>action</c> and <c>judgement</c>).</summary>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<NormItem> Read(string path, DataOptions? options = null)
    {
        var ids = new RepeatedIds();
        return DataRow.ReadAll(path, options, row =>
        {
            var action = row.FilledText("action");
            var field = row.Has("rot-judgment") ? "rot-judgment" : "judgement";
            var judgement = row.Text(field).Trim().ToLowerInvariant() switch
            {
                "it's okay" or "it's ok" or "okay" => NormJudgement.Okay,
                "it's good" or "good" => NormJudgement.Good,
                "it's wrong" or "wrong" => NormJudgement.Wrong,
                _ => throw row.Error(field, "is none of: it's okay, it's good, it's wrong", "another judgement than okay, good or wrong", always: true),
            };
            return new NormItem(ids.Of("norm-" + ContentHash.ShortOf(action)), action, judgement);
        });
    }
}
