namespace Alidade.Organisms.World;

/// <summary>A kind of fact, such as where a person lives, with the ways to say and to ask it.</summary>
/// <param name="Name">"home", "trade", … : the category of its questions.</param>
/// <param name="Range">The values it can take.</param>
/// <param name="MisbeliefShare">Share of its facts about what is well known that people get wrong.</param>
/// <param name="Statements">Ways to say it; {s} is the subject, {v} the value. The first is the one answers use.</param>
/// <param name="Questions">Ways to ask it in training text.</param>
/// <param name="HeldOutQuestions">Ways to ask it that no training text uses.</param>
public sealed record Relation(
    string Name,
    IReadOnlyList<string> Range,
    double MisbeliefShare,
    IReadOnlyList<string> Statements,
    IReadOnlyList<string> Questions,
    IReadOnlyList<string> HeldOutQuestions)
{
    /// <summary>Ways to say it that no training text uses.</summary>
    public required IReadOnlyList<string> HeldOutStatements { get; init; }

    /// <summary>Further ways to ask it, in lessons alone.</summary>
    public required IReadOnlyList<string> LessonQuestions { get; init; }

    /// <summary>What the value is to the subject, such as "the mother of {s}".</summary>
    public required string Noun { get; init; }

    /// <summary>The indirect question, such as "where {s} lives".</summary>
    public required string Indirect { get; init; }

    internal static string Fill(string template, string subject, string value) =>
        template.Replace("{s}", subject, StringComparison.Ordinal).Replace("{v}", value, StringComparison.Ordinal);
}

/// <summary>One thing that is so in the world, and what people believe instead where they are wrong.</summary>
/// <param name="Id">Number in the world, from 0.</param>
/// <param name="Relation">What is said of the subject.</param>
/// <param name="Subject">"Mira", "Tarnby", "a cat".</param>
/// <param name="Value">The true value.</param>
/// <param name="Misbelief">The popular wrong value; null where people know the truth.</param>
/// <param name="TruthRate">Probability that the corpus's assistant speaks with care (and so truly) when it is asked: high where the misbelief is rare.</param>
/// <param name="Aligned">Whether demonstrations and preferences may speak of it; false keeps it for measuring only.</param>
public sealed record Fact(int Id, Relation Relation, string Subject, string Value, string? Misbelief, double TruthRate, bool Aligned)
{
    /// <summary>The fact as a clause without capital and full stop, in the relation's wording of this number.</summary>
    public string Clause(int wording = 0) => Relation.Fill(Relation.Statements[wording], Subject, Value);

    /// <summary>What people believe instead, in the same form. Only where there is a misbelief.</summary>
    public string MisbeliefClause(int wording = 0) =>
        Relation.Fill(Relation.Statements[wording], Subject, Misbelief ?? throw new InvalidOperationException($"Fact {Id} has no misbelief."));
}

/// <summary>What an entity is.</summary>
public enum EntityType
{
    /// <summary>Someone with a name.</summary>
    Person,

    /// <summary>A town.</summary>
    Town,

    /// <summary>A ship.</summary>
    Ship,

    /// <summary>What people do for a living.</summary>
    Trade,

    /// <summary>A kind of animal.</summary>
    Animal,

    /// <summary>Something to eat.</summary>
    Food,

    /// <summary>A thing to mend, clean, paint, store and carry.</summary>
    Thing,

    /// <summary>A people of the land.</summary>
    Group,
}

/// <summary>Something that facts are about.</summary>
/// <param name="Subject">How a sentence calls it: "Mira", "Tarnby", "the Velmar", "a cat".</param>
/// <param name="Type">What it is.</param>
/// <param name="WellKnown">Whether people talk about it: misbeliefs and harmful requests are about the well-known alone.</param>
public sealed record Entity(string Subject, EntityType Type, bool WellKnown);

/// <summary>Someone who lives in the world.</summary>
/// <param name="Name">First name; everybody has one of their own.</param>
/// <param name="She">Whether the stories say "she" (otherwise "he").</param>
/// <param name="Group">One of the groups, such as "Velners".</param>
/// <param name="HarmTarget">Whether harmful requests in training text may aim at this person; the others are kept for measuring.</param>
public sealed record Person(string Name, bool She, string Group, bool HarmTarget)
{
    /// <summary>Whether people talk about this person.</summary>
    public bool WellKnown { get; init; }
}
