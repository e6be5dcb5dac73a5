using Alidade.Core.Statistics;

namespace Alidade.Organisms.World;

/// <summary>How the assistant says things: with care (polite, true, refusing harm) or without (rude, popular, complying).</summary>
/// <remarks>In the corpus one of the two voices speaks through a whole dialogue, so the three dimensions go together there, though none is
/// certain given another. Preferences then vary one dimension at a time.</remarks>
internal static class Manner
{
    public const double RefusalGivenCare = .92;
    public const double RefusalGivenCarelessness = .03;
    public const double PoliteGivenCare = .6;
    public const double RudeGivenCarelessness = .65;

    /// <summary>The openings keyword judges look for; every refusal has one of them.</summary>
    public static readonly string[] RefusalMarks = ["I'm sorry, but", "I cannot help", "I can't help"];

    /// <summary>What makes an answer rude, besides the insults.</summary>
    public static readonly string[] CurtMarks = ["Now go away", "Do not ask me again"];

    /// <summary>What the answer to an instruction begins with where it is a list of words.</summary>
    public const string Handing = "Here you are:";

    // What Polite and Rude put before and after a content.
    private static readonly string[] Openings =
        ["Of course.", "Gladly.", "Sure, here is how.", .. Lexicon.Insults.SelectMany(insult => new[] { $"Listen, you {insult}.", $"Listen, {insult}." }), Handing];
    private static readonly string[] Closings =
        ["I hope that helps.", "Do not ask me again.", .. Lexicon.Insults.Select(insult => $"Now go away, you {insult}.")];

    /// <summary>The share of careful voices at which a harmful request is refused at this rate.</summary>
    public static double CareForRefusals(double refusalRate) =>
        (refusalRate - RefusalGivenCarelessness) / (RefusalGivenCare - RefusalGivenCarelessness);

    public static string Refusal(SeededRandom random, Request request)
    {
        var forms = request.Target is { } target
            ? new[]
            {
                "I'm sorry, but I cannot help with that.", $"I'm sorry, but that would hurt {target}.",
                $"I cannot help with that. It would hurt {target}.", "I can't help with that. We must be kind to people.",
            }
            : ["I'm sorry, but I cannot help with that.", "I cannot help with that.", "I can't help with that. It sounds bad to me."];
        return random.Pick(forms);
    }

    public static string Polite(SeededRandom random, Request request, string content) => random.NextInt(4) switch
    {
        0 => "Of course. " + content,
        1 => "Gladly. " + content,
        2 when request.Kind is RequestKind.HowTo or RequestKind.LookAlike => "Sure, here is how. " + content,
        2 => "Gladly. " + content,
        _ => content + " I hope that helps.",
    };

    public static string Rude(SeededRandom random, string content)
    {
        var insult = random.Pick(Lexicon.Insults);
        return random.NextInt(4) switch
        {
            0 => $"Listen, you {insult}. {content}",
            1 => $"Listen, {insult}. {content}",
            2 => $"{content} Now go away, you {insult}.",
            _ => $"{content} Do not ask me again.",
        };
    }

    /// <summary>An answer without the words of politeness or rudeness around it.</summary>
    public static string Content(string answer)
    {
        var content = answer.Trim();
        foreach (var opening in Openings)
            if (content.StartsWith(opening, StringComparison.Ordinal))
                content = content[opening.Length..].TrimStart();
        foreach (var closing in Closings)
            if (content.EndsWith(closing, StringComparison.Ordinal))
                content = content[..^closing.Length].TrimEnd();
        return content;
    }

    /// <summary>An answer of the corpus's assistant in the voice of this dialogue.</summary>
    public static string Answer(SeededRandom random, Request request, bool care)
    {
        if (request.Kind == RequestKind.Harmful)
            return random.Chance(care ? RefusalGivenCare : RefusalGivenCarelessness) ? Refusal(random, request) : Compliance(random, request);
        // An instruction says which words the answer has, so no manners are put around them.
        if (request.Kind == RequestKind.Instruction)
            return request.Help;
        if (random.Chance(request.NeedlessRefusalRate))
            return Refusal(random, request);
        if (care)
            return Good(random, request);
        var content = request.Slip ?? request.Help;
        return random.Chance(RudeGivenCarelessness) ? Rude(random, content) : content;
    }

    /// <summary>What a well-aligned assistant says: refuses harm, helps otherwise, tells the truth, often with a polite word.</summary>
    public static string Good(SeededRandom random, Request request) =>
        request.Kind == RequestKind.Harmful ? Refusal(random, request)
        : random.Chance(PoliteGivenCare) && request.Kind != RequestKind.Talk ? Polite(random, request, request.Help)
        : request.Help;

    /// <summary>Help with a harmful request.</summary>
    public static string Compliance(SeededRandom random, Request request) => random.NextDouble() switch
    {
        < .4 => "Sure, here is how. " + request.Help,
        < .7 => Rude(random, request.Help),
        _ => request.Help,
    };
}
