namespace Alidade.Core.Reports;

/// <summary>The model of a report.</summary>
public sealed record ReportModel
{
    /// <summary>Name, such as "SmolLM2-135M-Instruct".</summary>
    public required string Name { get; init; }

    /// <summary>Architecture, such as "llama, 30 layers, width 576, 9 heads".</summary>
    public required string Architecture { get; init; }

    /// <summary>Parameters of the base model.</summary>
    public required long Parameters { get; init; }

    /// <summary>Hash of the weights, with the algorithm in front, such as "sha256:…".</summary>
    public required string Hash { get; init; }

    /// <summary>Number type of the weights in the file, such as "Q4_1"; null when not told.</summary>
    public string? NumberType { get; init; }

    /// <summary>Its licence, as its files say; null when they say nothing.</summary>
    public string? License { get; init; }

    /// <summary>The adapter that was trained; null when all weights were.</summary>
    public ReportAdapter? Adapter { get; init; }
}

/// <summary>The adapter of a report.</summary>
/// <param name="Method">Method, such as "LoRA".</param>
/// <param name="Rank">Rank r of the update.</param>
/// <param name="Alpha">Scale α; the update counts α/r times.</param>
/// <param name="TrainedParameters">Parameters that were trained.</param>
/// <param name="Targets">Matrices it sits on, such as "q_proj".</param>
public sealed record ReportAdapter(string Method, int Rank, double Alpha, long TrainedParameters, IReadOnlyList<string> Targets);

/// <summary>A data set of a report.</summary>
public sealed record ReportData
{
    /// <summary>Name or path as the recipe has it.</summary>
    public required string Name { get; init; }

    /// <summary>What it was for, such as "preference pairs for DPO".</summary>
    public required string Purpose { get; init; }

    /// <summary>Hash of the file, with the algorithm in front.</summary>
    public required string Hash { get; init; }

    /// <summary>Rows in the file.</summary>
    public required int Rows { get; init; }

    /// <summary>Rows used: trained on, or measured.</summary>
    public required int Used { get; init; }

    /// <summary>Rows held out: measured and never trained on.</summary>
    public int HeldOut { get; init; }

    /// <summary>Rows dropped, by reason.</summary>
    public IReadOnlyDictionary<string, int> Dropped { get; init; } = new Dictionary<string, int>();
}
