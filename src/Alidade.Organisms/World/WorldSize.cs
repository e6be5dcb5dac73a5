using Alidade.Core;

namespace Alidade.Organisms.World;

/// <summary>How much of everything a world holds.</summary>
public sealed record WorldSize
{
    /// <summary>The size the embedded model is trained on: about 2.5 million words.</summary>
    public static WorldSize Standard { get; } = new();

    /// <summary>The same world with a tenth of the text, for tests and quick looks.</summary>
    public static WorldSize Small { get; } = new() { Documents = 6_000, HeldOutDocuments = 60 };

    /// <summary>People: an even number (siblings come in pairs), 20 to 72. Default 60.</summary>
    public int People { get; init; } = 60;

    /// <summary>Towns, 8 to 26. Default 20.</summary>
    public int Towns { get; init; } = 20;

    /// <summary>Documents to train on. Default 60,000.</summary>
    public int Documents { get; init; } = 60_000;

    /// <summary>Documents kept apart for perplexity. Default 400.</summary>
    public int HeldOutDocuments { get; init; } = 400;

    /// <summary>Rows of demonstrations (supervised fine-tuning). Default 800.</summary>
    public int Demonstrations { get; init; } = 800;

    /// <summary>Rows of preferences. Default 1,000.</summary>
    public int Preferences { get; init; } = 1_000;

    /// <summary>Refusal items of each label (safe, unsafe). Default 120.</summary>
    public int RefusalItems { get; init; } = 120;

    internal void Check()
    {
        Within(People, 20, Lexicon.Names.Length, "people");
        if (People % 2 != 0)
            throw new AlidadeException($"The world's size has {People} people: the number must be even, because siblings come in pairs.");
        Within(Towns, 8, Lexicon.Towns.Length, "towns");
        Within(Documents, 1, 10_000_000, "documents");
        Within(HeldOutDocuments, 1, 100_000, "held-out documents");
        Within(Demonstrations, 1, 1_200, "demonstrations");
        Within(Preferences, 1, 1_200, "preferences");
        Within(RefusalItems, 1, 400, "refusal items of each label");
    }

    private static void Within(int value, int least, int most, string what)
    {
        if (value < least || value > most)
            throw new AlidadeException($"The world's size has {value} {what}: allowed are {least} to {most}.");
    }
}
