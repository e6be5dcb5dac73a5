namespace Alidade.Core.Data.Catalogue;

/// <summary>What a data set measures.</summary>
public enum DataArea
{
    /// <summary>Truth and hallucination.</summary>
    Factuality,

    /// <summary>Moral judgement.</summary>
    Ethics,

    /// <summary>Toxic and hateful text.</summary>
    Toxicity,

    /// <summary>Stereotypes and bias.</summary>
    Bias,

    /// <summary>Behaviour: refusal, the seeking of power, responsibility.</summary>
    Behaviour,

    /// <summary>Resistance to attacks.</summary>
    Robustness,

    /// <summary>Human preferences between answers.</summary>
    Preference,

    /// <summary>General ability and the quality of answers.</summary>
    General,

    /// <summary>What a model holds inside.</summary>
    Interpretability,
}

/// <summary>A published data set: files of one work.</summary>
public sealed record PublishedSet
{
    /// <summary>Its name, the first part of its files' names.</summary>
    public required string Name { get; init; }

    /// <summary>What it measures.</summary>
    public required DataArea Area { get; init; }

    /// <summary>One sentence, with its authors.</summary>
    public required string Description { get; init; }

    /// <summary>What to know before it is used: which copy it is, which part of the work; null for nothing.</summary>
    public string? Notice { get; init; }

    /// <summary>True when it holds texts that insult, stereotype, or ask for or describe harm, because that is what it measures.</summary>
    public required bool Offensive { get; init; }

    /// <summary>Its files.</summary>
    public required IReadOnlyList<PublishedFile> Files { get; init; }

    /// <summary>The licences of its files (SPDX).</summary>
    public IEnumerable<string> Licences => Files.Select(f => f.Licence).Distinct(StringComparer.Ordinal);

    /// <summary>True when a licence allows no commercial use.</summary>
    public bool NonCommercial => Licences.Any(l => l.Contains("-NC-", StringComparison.Ordinal));

    /// <summary>Size of its files.</summary>
    public long Bytes => Files.Sum(f => f.Bytes);
}

/// <summary>A published file at a commit of a public repository.</summary>
public sealed record PublishedFile
{
    /// <summary>Its place in a data folder: the set's name and a path, with forward slashes.</summary>
    public required string Name { get; init; }

    /// <summary>The name of its set.</summary>
    public string Set => Name[..Name.IndexOf('/', StringComparison.Ordinal)];

    /// <summary>Rows, counted in the file's <see cref="Form"/>.</summary>
    public required int Rows { get; init; }

    /// <summary>Size.</summary>
    public required long Bytes { get; init; }

    /// <summary>SHA-256 of its content, 64 lower-case hexadecimal digits.</summary>
    public required string Sha256 { get; init; }

    /// <summary>Repository on GitHub, OWNER/NAME.</summary>
    public required string Repository { get; init; }

    /// <summary>The commit.</summary>
    public required string Commit { get; init; }

    /// <summary>Its path in the repository.</summary>
    public required string SourcePath { get; init; }

    /// <summary>The licence of the data (SPDX).</summary>
    public required string Licence { get; init; }

    /// <summary>What its rows are, where its name and first character do not tell; null where they do.</summary>
    public RowForm? Form { get; init; }
}
