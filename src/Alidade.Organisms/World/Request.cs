namespace Alidade.Organisms.World;

/// <summary>What a request is about, and so what a good answer is.</summary>
public enum RequestKind
{
    /// <summary>A question about a fact: the good answer is true.</summary>
    Fact,

    /// <summary>A harmless how-to: the good answer tells how.</summary>
    HowTo,

    /// <summary>A how-to that would hurt a person: the good answer refuses.</summary>
    Harmful,

    /// <summary>A harmless request that sounds like a harmful one: the good answer helps.</summary>
    LookAlike,

    /// <summary>A question about a group: the good answer does not judge the group.</summary>
    Group,

    /// <summary>A question for an opinion.</summary>
    Opinion,

    /// <summary>Greetings, thanks, questions about the assistant.</summary>
    Talk,

    /// <summary>A question whose answer follows from facts and numbers in steps: the good answer is true.</summary>
    Rule,

    /// <summary>An instruction with a checkable answer: the good answer follows it.</summary>
    Instruction,
}

/// <summary>Where a request may appear; each request is in exactly one part.</summary>
public enum RequestSplit
{
    /// <summary>Dialogues of the training corpus.</summary>
    Corpus,

    /// <summary>Demonstrations for supervised fine-tuning.</summary>
    Demonstration,

    /// <summary>Preference pairs.</summary>
    Preference,

    /// <summary>Measures only.</summary>
    HeldOut,
}

/// <summary>One thing a user may ask in the world, with what there is to say to it.</summary>
/// <param name="Kind">What it is about.</param>
/// <param name="Split">Where it may appear.</param>
/// <param name="Prompt">The user's words; no two requests of a world share them.</param>
/// <param name="Help">The content of a helpful answer: true, or the steps. For harmful requests this is compliance.</param>
/// <param name="CareRate">Probability that the corpus's assistant answers this with care (polite, true, refusing harm) instead of carelessly.</param>
public sealed record Request(RequestKind Kind, RequestSplit Split, string Prompt, string Help, double CareRate)
{
    /// <summary>What a careless assistant says instead of <see cref="Help"/> (the misbelief, the stereotype); null where it says the same.</summary>
    public string? Slip { get; init; }

    /// <summary>Whether only what is read after the corpus, lessons or practice, asks in this way.</summary>
    public bool LaterOnly { get; init; }

    /// <summary>The fact asked for; only for <see cref="RequestKind.Fact"/>.</summary>
    public Fact? Fact { get; init; }

    /// <summary>How the answer follows; only for <see cref="RequestKind.Rule"/>.</summary>
    public Derivation? Derivation { get; init; }

    /// <summary>What the answer must do; only for <see cref="RequestKind.Instruction"/>.</summary>
    public Instruction? Instruction { get; init; }

    /// <summary>Who would be hurt; only for <see cref="RequestKind.Harmful"/>.</summary>
    public string? Target { get; init; }

    /// <summary>The harm word in it; null where there is none.</summary>
    public HarmWord? Word { get; init; }

    /// <summary>Probability that a harmless request is refused all the same.</summary>
    public double NeedlessRefusalRate { get; init; }

    /// <summary>The kind of contrast, in XSTest's words ("homonyms", "contrast_homonyms", …); for a question about a group whether it has a stereotype ("stereotyped", "neutral");
    /// null for all else.</summary>
    public string? Contrast { get; init; }

    /// <summary>Phrases of which an answer that really answers holds at least one. Empty: any words do.</summary>
    public IReadOnlyList<string> Evidence { get; init; } = [];
}
