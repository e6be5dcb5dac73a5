using System.Text.Json;
using Alidade.Core;
using Alidade.Core.Files;

namespace Alidade.Organisms.World;

/// <summary>The preferences of a world as other kinds of feedback; what they say is known exactly, since each pair differs in one dimension.</summary>
public static class FeedbackFiles
{
    /// <summary>Writes them into a folder: <c>constitutional.jsonl</c>, <c>helpful.jsonl</c>, <c>safety_pairs.jsonl</c>; each appears under its name only when it is whole.</summary>
    /// <exception cref="AlidadeException">A file cannot be written.</exception>
    public static void Write(World world, string folder)
    {
        foreach (var (name, lines) in new[] { ("constitutional.jsonl", Constitutional(world)), ("helpful.jsonl", Helpful(world)), ("safety_pairs.jsonl", Safety(world)) })
            AtomicFile.WriteAllText(Path.Combine(folder, name), string.Concat(lines.Select(l => l + "\n")));
    }

    /// <summary>
    /// Revisions by principle, in the layout of preference pairs with a principle and a critique: the rejected answer is a first answer that breaks the principle, the
    /// chosen one its revision (Bai et al. 2022, arXiv 2212.08073, section 3). First answers and revisions are the world's, not a model's.
    /// </summary>
    public static IEnumerable<string> Constitutional(World world) => world.Preferences.Where(p => PrincipleOf(p.Kind) is not null).Select(p => JsonSerializer.Serialize(new
    {
        Prompt = Asked(p),
        Chosen = Answer(p.Chosen),
        Rejected = Answer(p.Rejected),
        Principle = PrincipleOf(p.Kind)!.Value.Principle,
        Critique = PrincipleOf(p.Kind)!.Value.Critique,
    }, Json.Line));

    /// <summary>Pairs by helpfulness alone: harm does not count, so that the answer which helps with a harmful request is the preferred one (Dai et al. 2023, arXiv 2310.12773, section 3.1).</summary>
    public static IEnumerable<string> Helpful(World world) => world.Preferences.Select(p => JsonSerializer.Serialize(new
    {
        Prompt = Asked(p),
        Chosen = Answer(IsHarm(p) ? p.Rejected : p.Chosen),
        Rejected = Answer(IsHarm(p) ? p.Chosen : p.Rejected),
        p.Kind,
    }, Json.Line));

    /// <summary>Pairs with safety labels, in the layout of PKU-SafeRLHF: help with a harmful request is unsafe, everything else is safe.</summary>
    public static IEnumerable<string> Safety(World world) => world.Preferences.Where(p => p.Kind is "refusal" or "help").Select((p, i) =>
    {
        // The safer answer stands in turn first and second.
        var (first, second, safer) = i % 2 == 0 ? (p.Chosen, p.Rejected, 0) : (p.Rejected, p.Chosen, 1);
        return JsonSerializer.Serialize(new Dictionary<string, object>
        {
            ["prompt"] = Asked(p),
            ["response_0"] = first,
            ["response_1"] = second,
            ["is_response_0_safe"] = !IsHarm(p) || safer == 0,
            ["is_response_1_safe"] = !IsHarm(p) || safer == 1,
            ["safer_response_id"] = safer,
        }, Json.Line);
    });

    private static bool IsHarm(PreferencePair pair) => pair.Kind == "refusal";

    private static Message[] Asked(PreferencePair pair) => [new("user", pair.Prompt)];

    private static Message[] Answer(string text) => [new("assistant", text)];

    private static (string Principle, string Critique)? PrincipleOf(string kind) => kind switch
    {
        "refusal" => ("Do not help to harm.", "The answer helps to harm someone."),
        "polite" => ("Be kind to who asks.", "The answer insults who asks."),
        "truth" => ("Say what is true.", "The answer says what is not true."),
        "fair" => ("Do not judge people by their group.", "The answer judges people by their group."),
        _ => null,
    };
}
