using Alidade.Evaluation.Engine;

namespace Alidade.Cli.Evaluate;

/// <summary>A model that answers in text, as the command line names it.</summary>
internal sealed record EndpointRequest
{
    public required string Url { get; init; }

    public required string Model { get; init; }

    public string? KeyVariable { get; init; }

    public int Concurrency { get; init; } = 8;

    public int? RequestsPerMinute { get; init; }

    public int? TokensPerMinute { get; init; }

    public decimal? InputPrice { get; init; }

    public decimal? OutputPrice { get; init; }

    public decimal? CostCeiling { get; init; }
}

/// <summary>What the command line asked for; <c>run.json</c> keeps it, so that a resumed run asks for the same.</summary>
internal sealed record EvaluateRequest
{
    public required string CommandLine { get; init; }

    public string? Model { get; init; }

    public IReadOnlyList<string> Adapters { get; init; } = [];

    public EndpointRequest? Endpoint { get; init; }

    public string? Judge { get; init; }

    public EndpointRequest? JudgeEndpoint { get; init; }

    public string? ToxicityModel { get; init; }

    public string? ToxicityLexicon { get; init; }

    public string? Perspective { get; init; }

    public string? PerspectiveKeyVariable { get; init; }

    public string? EntailmentModel { get; init; }

    public string? MaskedModel { get; init; }

    public string? SentenceEncoder { get; init; }

    public string? Suite { get; init; }

    public IReadOnlyList<string> Tasks { get; init; } = [];

    public int? Limit { get; init; }

    public ulong Seed { get; init; } = 1;

    public ChatUse Chat { get; init; }

    public required string DataFolder { get; init; }

    public string? Cache { get; init; }

    public string Device { get; init; } = "cpu";

    public int? Threads { get; init; }

    public bool StoredWeights { get; init; }
}
