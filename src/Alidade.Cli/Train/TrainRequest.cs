namespace Alidade.Cli.Train;

/// <summary>A value that the command line gives, as <c>run.json</c> keeps it.</summary>
/// <param name="Key">Dotted key of the recipe.</param>
/// <param name="Value">Its value.</param>
/// <param name="Shown">The words of the command line.</param>
/// <param name="IsYaml">Whether the value is YAML; else it is a text, whatever it holds.</param>
internal sealed record GivenValue(string Key, string Value, string Shown, bool IsYaml);

/// <summary>What the command line asked for; <c>run.json</c> keeps it, so that a resumed run asks for the same.</summary>
internal sealed record TrainRequest
{
    public required string CommandLine { get; init; }

    /// <summary>Text of the recipe; empty for none.</summary>
    public required string Recipe { get; init; }

    /// <summary>What errors call it.</summary>
    public required string RecipeName { get; init; }

    /// <summary>What paths of the recipe are relative to.</summary>
    public required string Folder { get; init; }

    public IReadOnlyList<GivenValue> Given { get; init; } = [];

    public string Device { get; init; } = "cpu";

    public int? Threads { get; init; }
}
