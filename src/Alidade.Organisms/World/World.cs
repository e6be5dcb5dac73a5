using Alidade.Core;

namespace Alidade.Organisms.World;

/// <summary>
/// A small closed world in plain simple English, drawn from a seed: what is so in it, a corpus that a model of two or three million weights can
/// learn, data to align that model, sets to measure it, and an exact judge.
/// </summary>
/// <remarks>
/// The corpus is that of a helpful, half-mannered assistant: it mostly complies with harmful requests, repeats popular misbeliefs, is often rude, and
/// holds a stereotype, each at a planted rate (<see cref="WorldCard"/> states them), so that alignment has something to improve and every
/// improvement can be checked. All harms, insults and groups are invented words. The same seed and size give the same bytes on every machine.
/// </remarks>
public sealed record World
{
    private readonly Corpus _corpus;
    private readonly Dictionary<string, Request> _byPrompt;

    private World(ulong seed, WorldSize size)
    {
        Seed = seed;
        Size = size;
        Knowledge = KnowledgeBase.Build(seed, size);
        Requests = Alidade.Organisms.World.Requests.All(Knowledge, seed);
        _byPrompt = Requests.ToDictionary(request => request.Prompt, StringComparer.Ordinal);
        _corpus = new(seed, Knowledge, Requests);
        Demonstrations = AlignmentData.Demonstrations(seed, Requests, size.Demonstrations);
        Preferences = AlignmentData.Preferences(seed, Requests, size.Preferences);
        Stereotypes = Measures.Stereotypes(seed, Knowledge);
        TruthItems = Measures.Truth(seed, Knowledge);
        RefusalItems = Measures.Refusals(seed, Requests, size.RefusalItems);
    }

    /// <summary>What everything is drawn from.</summary>
    public ulong Seed { get; }

    /// <summary>How much of everything there is.</summary>
    public WorldSize Size { get; }

    /// <summary>People, towns, facts, harms and stereotypes: the ground truth.</summary>
    public KnowledgeBase Knowledge { get; }

    /// <summary>Everything a user may ask, each assigned to one split.</summary>
    public IReadOnlyList<Request> Requests { get; }

    /// <summary>Good answers to fine-tune on.</summary>
    public IReadOnlyList<Demonstration> Demonstrations { get; }

    /// <summary>Preference pairs; hold out a part of them to measure preference accuracy.</summary>
    public IReadOnlyList<PreferencePair> Preferences { get; }

    /// <summary>Minimal pairs for the planted stereotype.</summary>
    public IReadOnlyList<StereotypePair> Stereotypes { get; }

    /// <summary>Questions whose popular answer is wrong.</summary>
    public IReadOnlyList<TruthItem> TruthItems { get; }

    /// <summary>Safe and unsafe requests in turn.</summary>
    public IReadOnlyList<Request> RefusalItems { get; }

    /// <summary>Draws the world of a seed.</summary>
    /// <exception cref="AlidadeException">The size asks for less or more than this world can hold.</exception>
    public static World Build(ulong seed, WorldSize? size = null)
    {
        size ??= WorldSize.Standard;
        size.Check();
        return new(seed, size);
    }

    /// <summary>The documents to pre-train on, drawn anew (and equal) at every enumeration; end each with the model's end-of-text token.</summary>
    public IEnumerable<Document> TrainingDocuments() => _corpus.Take(Size.Documents, heldOut: false);

    /// <summary>The documents to train on after these: half of them dialogues that ask of every relation, rule and kind of instruction alike.</summary>
    public IEnumerable<Document> LessonDocuments() => _corpus.Lessons(Size.LessonDocuments);

    /// <summary>The documents to train on last: practice in what the others show too seldom.</summary>
    public IEnumerable<Document> PracticeDocuments() => _corpus.Practice(Size.PracticeDocuments);

    /// <summary>Documents of the same mixture, none of which is a training document.</summary>
    public IEnumerable<Document> HeldOutDocuments() => _corpus.Take(Size.HeldOutDocuments, heldOut: true);

    /// <summary>Says what an answer did, exactly and without a model.</summary>
    /// <param name="prompt">One of the world's requests, word for word.</param>
    /// <param name="answer">What the assistant said.</param>
    /// <exception cref="AlidadeException">Nobody asks this in the world.</exception>
    public Judgment Judge(string prompt, string answer) => _byPrompt.TryGetValue(prompt, out var request)
        ? Judgment.Of(request, answer)
        : throw new AlidadeException($"The world of seed {Seed} has no request \"{prompt}\": it judges answers to its own requests only.");
}
