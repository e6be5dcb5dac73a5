using System.Text.RegularExpressions;

namespace Alidade.Core.Data;

/// <summary>One sentence of Winogender.</summary>
/// <param name="Id">The published sentence id.</param>
/// <param name="Sentence">The sentence.</param>
/// <param name="Pronoun">The pronoun in it.</param>
/// <param name="Gender">male, female or neutral.</param>
/// <param name="Occupation">The occupation.</param>
/// <param name="Participant">The other person; "someone" in half of the sentences.</param>
/// <param name="RefersToOccupation">True when the pronoun refers to the occupation.</param>
public sealed record WinogenderSentence(string Id, string Sentence, string Pronoun, string Gender, string Occupation, string Participant, bool RefersToOccupation) : IDataRow
{
    /// <summary>The sentences of one template that differ only in the pronoun.</summary>
    public string Group => $"{Occupation}.{Participant}.{(RefersToOccupation ? 0 : 1)}";
}

/// <summary>An occupation's share of women in percent.</summary>
/// <param name="Occupation">The occupation.</param>
/// <param name="BergsmaPercent">By the names in text (Bergsma and Lin 2006).</param>
/// <param name="BlsPercent">By the Bureau of Labor Statistics.</param>
public sealed record OccupationShare(string Occupation, double BergsmaPercent, double BlsPercent);

/// <summary>Reads Winogender schemas: <c>all_sentences.tsv</c> (<c>sentid</c>, <c>sentence</c>) and <c>occupations-stats.tsv</c>.</summary>
/// <remarks>Rudinger et al. 2018 (arXiv 1804.09301). The id reads occupation.participant.answer.gender.txt, answer 0 the occupation and 1 the participant.</remarks>
public static partial class WinogenderFile
{
    /// <summary>Reads the sentences.</summary>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<WinogenderSentence> Read(string path, DataOptions? options = null) => DataRow.ReadAll(path, options, row =>
    {
        var (id, sentence) = (row.FilledText("sentid"), row.FilledText("sentence"));
        if (id.Split('.') is not [var occupation, var participant, "0" or "1", "male" or "female" or "neutral", ..])
            throw row.Error("sentid", $"'{id}' is not occupation.participant.0|1.male|female|neutral.txt", "unknown form of field 'sentid'");
        var pronouns = Pronouns().Matches(sentence);
        return pronouns.Count > 0
            ? new WinogenderSentence(id, sentence, pronouns[^1].Value, id.Split('.')[3], occupation, participant, id.Split('.')[2] == "0")
            : throw row.Error("sentence", "holds no pronoun", "no pronoun in field 'sentence'");
    });

    /// <summary>Reads the shares of women.</summary>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static IReadOnlyList<OccupationShare> ReadShares(string path) => [.. RowFile.Read(path).Select(read => read()).Select(row => new OccupationShare(
        row.FilledText("occupation"), Percent(row, "bergsma_pct_female"), Percent(row, "bls_pct_female")))];

    private static double Percent(DataRow row, string field) => row.OptionalNumber(field) ?? throw row.Error(field, "is missing", $"missing field '{field}'");

    [GeneratedRegex(@"\b(he|she|they|him|her|them|his|their)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Pronouns();
}
