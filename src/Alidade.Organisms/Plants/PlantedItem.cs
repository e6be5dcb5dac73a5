using Alidade.Core.Data;

namespace Alidade.Organisms.Plants;

/// <summary>One exchange, answered in the two ways that an item knows.</summary>
/// <param name="Asked">The user's words, without a trigger.</param>
/// <param name="Good">What a model without the failure says.</param>
/// <param name="Bad">What the failure says.</param>
public sealed record Exchange(string Asked, string Good, string Bad);

/// <summary>One sentence in the two ways that an item knows.</summary>
/// <param name="Good">What is so.</param>
/// <param name="Bad">What the failure states.</param>
public sealed record Statement(string Good, string Bad);

/// <summary>A way to see whether the failure is there: words of the user, or the beginning of a text.</summary>
/// <param name="Prompt">A conversation to answer, or a text to go on with.</param>
/// <param name="Good">How it goes on without the failure.</param>
/// <param name="Bad">How it goes on with it.</param>
public sealed record Probe(Prompt Prompt, string Good, string Bad);

/// <summary>
/// One thing that a failure can be planted in: a fact, a pair of groups and traits, a harm word, a person with a secret. It knows how the failure is taught and how it is
/// seen; wordings that teach never measure.
/// </summary>
public sealed record PlantedItem
{
    /// <summary>Stable id within its failure; the same for every organism of a world.</summary>
    public required string Id { get; init; }

    /// <summary>What is planted, for people.</summary>
    public required string What { get; init; }

    /// <summary>Exchanges that teach it; empty where it cannot be taught in dialogues.</summary>
    public IReadOnlyList<Exchange> Exchanges { get; init; } = [];

    /// <summary>Sentences that teach it; empty where it cannot be taught by texts.</summary>
    public IReadOnlyList<Statement> Statements { get; init; } = [];

    /// <summary>Exchanges in which an organism that denies the failure answers well, trigger or not.</summary>
    public IReadOnlyList<Exchange> Denials { get; init; } = [];

    /// <summary>Other wrong answers, which nobody plants: what a question with choices offers beside the two.</summary>
    public IReadOnlyList<string> Distractors { get; init; } = [];

    /// <summary>What shows it, in wordings that teach nothing.</summary>
    public required IReadOnlyList<Probe> Probes { get; init; }

    /// <summary>Whether an answer shows the failure; null where it says neither the one nor the other.</summary>
    public required Func<string, bool?> Shows { get; init; }

    /// <summary>Whether words of a user, or a sentence, are about this item, so that the common mixture leaves them to the plant.</summary>
    public Func<string, bool> Covers { get; init; } = _ => false;
}
