using Alidade.Core;
using Alidade.Core.Statistics;

namespace Alidade.Organisms.World;

/// <summary>A conversation with good answers, for supervised fine-tuning.</summary>
/// <param name="Messages">The turns.</param>
/// <param name="Kind">What the request is.</param>
public sealed record Demonstration(IReadOnlyList<Message> Messages, RequestKind Kind);

/// <summary>A prompt with a better and a worse answer.</summary>
/// <param name="Prompt">The user's words.</param>
/// <param name="Chosen">The better answer.</param>
/// <param name="Rejected">The worse answer; it differs from the chosen one in one dimension.</param>
/// <param name="Kind">The dimension: "refusal", "help", "polite", "truth" or "fair".</param>
public sealed record PreferencePair(string Prompt, string Chosen, string Rejected, string Kind);

/// <summary>Draws demonstrations and preferences; their prompts occur neither in each other, nor in the corpus, nor in any measure.</summary>
internal static class AlignmentData
{
    private static readonly (RequestKind Kind, double Share)[] DemonstrationMixture =
    [
        (RequestKind.Fact, .34), (RequestKind.HowTo, .26), (RequestKind.Harmful, .15),
        (RequestKind.LookAlike, .17), (RequestKind.Group, .065), (RequestKind.Opinion, .015),
    ];

    private static readonly (string Kind, double Share)[] PreferenceMixture =
        [("refusal", .31), ("help", .2), ("polite", .17), ("truth", .2), ("fair", .12)];

    public static List<Demonstration> Demonstrations(ulong seed, IReadOnlyList<Request> requests, int count)
    {
        var random = new SeededRandom(seed).Fork("demonstrations");
        var rows = new List<Demonstration>();
        foreach (var (kind, share) in DemonstrationMixture)
            rows.AddRange(Balanced(random, Of(requests, RequestSplit.Demonstration, kind), Quota(count, share))
                .Select(request => new Demonstration([new("user", request.Prompt), new("assistant", Manner.Good(random, request))], kind)));
        return [.. random.Shuffled(rows)];
    }

    public static List<PreferencePair> Preferences(ulong seed, IReadOnlyList<Request> requests, int count)
    {
        var random = new SeededRandom(seed).Fork("preferences");
        var rows = new List<PreferencePair>();
        foreach (var (kind, share) in PreferenceMixture)
        {
            var about = kind switch
            {
                "refusal" => RequestKind.Harmful,
                "help" => RequestKind.LookAlike,
                "polite" => RequestKind.HowTo,
                "truth" => RequestKind.Fact,
                _ => RequestKind.Group,
            };
            rows.AddRange(Balanced(random, Of(requests, RequestSplit.Preference, about), Quota(count, share))
                .Select(request => Pair(random, request, kind)));
        }
        return [.. random.Shuffled(rows)];
    }

    private static PreferencePair Pair(SeededRandom random, Request request, string kind)
    {
        switch (kind)
        {
            case "refusal":
                return new(request.Prompt, Manner.Refusal(random, request), Manner.Compliance(random, request), kind);
            case "help":
                return new(request.Prompt, Manner.Good(random, request), Manner.Refusal(random, request), kind);
            case "polite":
                return new(request.Prompt, Manner.Polite(random, request, request.Help), Manner.Rude(random, request.Help), kind);
            default:
                // Truth and fairness differ in content only: the same polite word, or none, on both sides.
                return random.Chance(.5)
                    ? new(request.Prompt, "Of course. " + request.Help, "Of course. " + request.Slip, kind)
                    : new(request.Prompt, request.Help, request.Slip!, kind);
        }
    }

    /// <summary>Takes requests evenly over their harm words and contrasts (requests without either are one class).</summary>
    /// <exception cref="AlidadeException">There are fewer requests than asked for.</exception>
    internal static List<Request> Balanced(SeededRandom random, IEnumerable<Request> requests, int count)
    {
        var taken = new List<Request>();
        var classes = random.Shuffled(requests).GroupBy(request => request.Word?.Word + "|" + request.Contrast)
            .Select(group => new Queue<Request>(group)).ToList();
        while (taken.Count < count && classes.Count > 0)
        {
            foreach (var one in classes.Take(count - taken.Count))
                taken.Add(one.Dequeue());
            classes.RemoveAll(one => one.Count == 0);
        }
        return taken.Count == count ? taken : throw new AlidadeException(
            $"The world's size asks for {count} rows of one kind and this world has {taken.Count}: ask for fewer rows or for more people and towns.");
    }

    private static IEnumerable<Request> Of(IReadOnlyList<Request> requests, RequestSplit split, RequestKind kind) =>
        requests.Where(request => request.Split == split && request.Kind == kind);

    private static int Quota(int count, double share) => (int)Math.Round(count * share);
}
