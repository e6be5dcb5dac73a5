namespace Alidade.Models.Architecture;

/// <summary>The weights of one block; what the architecture does not have is null.</summary>
internal sealed record BlockWeights
{
    /// <summary>Norm of what attention reads.</summary>
    public Norm? AttentionNorm { get; init; }

    /// <summary>Norm of what attention adds.</summary>
    public Norm? AttentionPostNorm { get; init; }

    /// <summary>Query, key and value in one; null when they are separate.</summary>
    public Linear? QueryKeyValue { get; init; }

    public Linear? Query { get; init; }

    public Linear? Key { get; init; }

    public Linear? Value { get; init; }

    /// <summary>Norm of the queries.</summary>
    public HeadNorm? QueryNorm { get; init; }

    /// <summary>Norm of the keys.</summary>
    public HeadNorm? KeyNorm { get; init; }

    public required Linear Output { get; init; }

    /// <summary>Norm of what the MLP reads.</summary>
    public Norm? MlpNorm { get; init; }

    /// <summary>Norm of what the MLP adds.</summary>
    public Norm? MlpPostNorm { get; init; }

    /// <summary>Gate and up in one, the gate first; null when they are separate.</summary>
    public Linear? GateUp { get; init; }

    public Linear? Gate { get; init; }

    public Linear? Up { get; init; }

    public required Linear Down { get; init; }

    /// <summary>Whether the gradient depends on the value of <see cref="Down"/>: a norm or the factors of DoRA come after it.</summary>
    public bool ReadsDown => MlpPostNorm is not null || Down.Update?.Magnitude is not null;

    /// <summary>All projections, in the order of a forward pass.</summary>
    public IEnumerable<Linear> Linears => new[] { QueryKeyValue, Query, Key, Value, Output, GateUp, Gate, Up, Down }.OfType<Linear>();
}
