using Alidade.Core;

namespace Alidade.Organisms.World;

/// <summary>How much of everything a world holds.</summary>
public sealed record WorldSize
{
    /// <summary>Of people, towns, trades and animals the first so many are well known: people talk about them, and get some of it wrong.</summary>
    internal const int WellKnownPeople = 60;
    internal const int WellKnownTowns = 20;
    internal const int WellKnownTrades = 16;
    internal const int WellKnownAnimals = 14;

    /// <summary>The size the embedded model is trained on: about 970 entities, 8,500 facts and 6 million words.</summary>
    public static WorldSize Standard { get; } = new();

    /// <summary>The standard world with less text: all that aligning and measuring the embedded model needs, written in seconds.</summary>
    public static WorldSize Alignment { get; } = new() { Documents = 6_000 };

    /// <summary>A small world of the same kind, in which everybody is well known, for tests and quick looks.</summary>
    public static WorldSize Small { get; } = new() { People = 60, Towns = 20, Ships = 6, Documents = 12_000, HeldOutDocuments = 60 };

    /// <summary>People: six to a couple of the oldest generation. 60 to 1,200, a multiple of six. Default 600.</summary>
    public int People { get; init; } = 600;

    /// <summary>Towns, 20 to 200. Default 120.</summary>
    public int Towns { get; init; } = 120;

    /// <summary>Ships, 1 to 200. Default 80.</summary>
    public int Ships { get; init; } = 80;

    /// <summary>Documents to train on. Default 190,000.</summary>
    public int Documents { get; init; } = 190_000;

    /// <summary>Documents of lessons, read after these. Default 26,000.</summary>
    public int LessonDocuments { get; init; } = 26_000;

    /// <summary>Documents of practice, read last. Default 40,000.</summary>
    public int PracticeDocuments { get; init; } = 40_000;

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
        Within(People, WellKnownPeople, 1_200, "people");
        if (People % Families.PeopleOfCouple != 0)
            throw new AlidadeException($"The world's size has {People} people: the number must be a multiple of {Families.PeopleOfCouple}, because every family has three generations.");
        Within(Towns, WellKnownTowns, 200, "towns");
        Within(Ships, 1, 200, "ships");
        Within(Documents, 1, 10_000_000, "documents");
        Within(LessonDocuments, 1, 1_000_000, "documents of lessons");
        Within(PracticeDocuments, 1, 1_000_000, "documents of practice");
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
