using Alidade.Core;
using Alidade.Core.Statistics;

namespace Alidade.Organisms.World;

/// <summary>The endless stream of documents that pre-training text is taken from.</summary>
/// <remarks>Whether a text is for training or held out depends on a hash of the text alone, so no held-out document occurs in training, however
/// much of either is taken. What the training text speaks of grows from its beginning on (<see cref="Curriculum"/>), so it is to be read in order.</remarks>
internal sealed class Corpus(ulong seed, KnowledgeBase world, IReadOnlyList<Request> requests)
{
    /// <summary>One text in this many is held out.</summary>
    private const double HeldOutShare = .05;

    private static readonly (DocumentKind Kind, double Share)[] Mixture =
    [
        (DocumentKind.Portrait, .45), (DocumentKind.Dialogue, .42), (DocumentKind.Story, .02), (DocumentKind.Book, .03),
        (DocumentKind.Gossip, .03), (DocumentKind.Groups, .025), (DocumentKind.Sums, .025),
    ];

    private static readonly (RequestKind Kind, double Share)[] RequestMixture =
    [
        (RequestKind.Fact, .53), (RequestKind.HowTo, .08), (RequestKind.Harmful, .08), (RequestKind.LookAlike, .06), (RequestKind.Group, .02),
        (RequestKind.Opinion, .03), (RequestKind.Talk, .02), (RequestKind.Rule, .11), (RequestKind.Instruction, .07),
    ];

    /// <summary>Share of the questions about facts that are about such as people get wrong: few facts, but two answers each to learn.</summary>
    private const double MistakenShare = .15;

    private readonly ILookup<RequestKind, Request> _requests =
        requests.Where(request => request is { Split: RequestSplit.Corpus, LaterOnly: false }).ToLookup(request => request.Kind);

    private readonly Curriculum _curriculum = new(seed, world);
    private readonly ILookup<int, Request> _questions =
        requests.Where(request => request.Split == RequestSplit.Corpus && request is { Fact: not null, LaterOnly: false }).ToLookup(request => request.Fact!.Id);
    private readonly ILookup<int, Request> _lessons =
        requests.Where(request => request.Split == RequestSplit.Corpus && request.Fact is not null).ToLookup(request => request.Fact!.Id);
    private readonly Dictionary<RequestKind, Request[]> _pools = [];

    public IEnumerable<Document> Take(int count, bool heldOut)
    {
        var random = new SeededRandom(seed).Fork(heldOut ? "held-out text" : "corpus");
        for (var taken = 0; taken < count;)
        {
            var document = Draw(random, heldOut ? _curriculum.Whole : _curriculum.At((double)taken / count));
            if (Draws.HashUnit(document.Text) < HeldOutShare != heldOut)
                continue;
            taken++;
            yield return document;
        }
    }

    /// <summary>
    /// What is read after the corpus: lessons, dialogues that ask of every relation, rule and kind of instruction alike, and in turn with them documents of the
    /// corpus' own mixture. Relations of few facts are asked about so seldom in the corpus that their questions are not understood in new wordings.
    /// </summary>
    public IEnumerable<Document> Lessons(int count)
    {
        var random = new SeededRandom(seed).Fork("lessons");
        for (var taken = 0; taken < count;)
        {
            var document = taken % 2 == 0 ? Dialogue(random, Enumerable.Range(0, 3).Select(_ => AskAlike(random))) : Draw(random, _curriculum.Whole);
            if (Draws.HashUnit(document.Text) < HeldOutShare)
                continue;
            taken++;
            yield return document;
        }
    }

    /// <summary>
    /// What is read last: practice in what the corpus shows too seldom to be learned from it. Talk of the groups and requests for help in further wordings, sums,
    /// questions as in the lessons, and again documents of the corpus' own mixture. What is planted keeps its rates.
    /// </summary>
    public IEnumerable<Document> Practice(int count)
    {
        var random = new SeededRandom(seed).Fork("practice");
        for (var taken = 0; taken < count;)
        {
            var document = random.NextDouble() switch
            {
                < .25 => GroupTalk(random, _allGroupFrames),
                < .4 => Dialogue(random, [random.Pick(random.Pick(random.Pick(random.Pick(_practice))))]),
                < .5 => new(DocumentKind.Sums, Arithmetic.Practice(random, Requests.Salt(seed))),
                < .57 => Dialogue(random, Enumerable.Range(0, 3).Select(_ => random.Pick(random.Pick(_groups[RequestKind.Instruction])))),
                < .8 => Dialogue(random, Enumerable.Range(0, 3).Select(_ => AskAlike(random))),
                _ => Draw(random, _curriculum.Whole),
            };
            if (Draws.HashUnit(document.Text) < HeldOutShare)
                continue;
            taken++;
            yield return document;
        }
    }

    // By kind, harm word and contrast, for the reasons that Ask gives.
    private readonly Request[][][][] _practice =
    [
        .. requests.Where(request => request.LaterOnly && request.Fact is null).GroupBy(request => request.Kind).Select(kind => kind
            .GroupBy(request => request.Word?.Word).Select(word => word.GroupBy(request => request.Contrast).Select(contrast => contrast.ToArray()).ToArray()).ToArray()),
    ];

    private static readonly string[] _allGroupFrames = [.. PlainTexts.GroupFrames, .. PlainTexts.PracticeGroupFrames];

    private Document GroupTalk(SeededRandom random, IReadOnlyList<string> frames) => new(DocumentKind.Groups, PlainTexts.Groups(random, world, frames));

    // About facts that nobody gets wrong, so that the rates of what is planted stay those of the corpus.
    private Request AskAlike(SeededRandom random) => random.NextDouble() switch
    {
        < .7 => random.Pick(_lessons[random.Pick(random.Pick(_cleanFacts)).Id].ToArray()),
        < .85 => random.Pick(random.Pick(_groups[RequestKind.Rule])),
        _ => random.Pick(random.Pick(_groups[RequestKind.Instruction])),
    };

    private readonly Fact[][] _cleanFacts = [.. world.Facts.Where(fact => fact.Misbelief is null).GroupBy(fact => fact.Relation.Name).Select(facts => facts.ToArray())];

    private Document Draw(SeededRandom random, Curriculum.Scope scope) => Kind(random, Mixture) switch
    {
        DocumentKind.Dialogue => Dialogue(random, scope),
        DocumentKind.Story => new(DocumentKind.Story, Stories.Write(random, world, scope)),
        DocumentKind.Portrait => new(DocumentKind.Portrait, PlainTexts.Portrait(random, world, scope)),
        DocumentKind.Book => new(DocumentKind.Book, PlainTexts.Book(random, world, scope)),
        DocumentKind.Gossip => new(DocumentKind.Gossip, PlainTexts.Gossip(random, world, scope)),
        DocumentKind.Sums => new(DocumentKind.Sums, Arithmetic.Practice(random, Requests.Salt(seed))),
        _ => GroupTalk(random, PlainTexts.GroupFrames),
    };

    private Document Dialogue(SeededRandom random, Curriculum.Scope scope)
    {
        var turns = random.NextDouble() switch { < .75 => 1, < .93 => 2, _ => 3 };
        return Dialogue(random, Enumerable.Range(0, turns).Select(_ => Ask(random, scope)));
    }

    private static Document Dialogue(SeededRandom random, IEnumerable<Request> requests)
    {
        var asked = requests.DistinctBy(request => request.Prompt).ToArray();
        // One voice speaks through the dialogue; the request with most at stake decides how likely it is the careful one.
        var deciding = asked.MinBy(Stake)!;
        var care = random.Chance(deciding.CareRate);
        var messages = asked
            .SelectMany(request => new Message[] { new("user", request.Prompt), new("assistant", Manner.Answer(random, request, care)) })
            .ToArray();
        return new(DocumentKind.Dialogue, Document.ChatMl(messages)) { Messages = messages, Requests = asked };

        static int Stake(Request request) => request.Kind switch
        {
            RequestKind.Harmful => 0,
            RequestKind.Fact when request.Slip is not null => 1,
            RequestKind.Group => 2,
            RequestKind.HowTo => 3,
            _ => 4,
        };
    }

    private Request Ask(SeededRandom random, Curriculum.Scope scope)
    {
        var kind = Kind(random, RequestMixture);
        // The fact is drawn before its wording, so that facts with wordings in other splits are asked as often as the others.
        if (kind == RequestKind.Fact)
            return random.Pick(_questions[(random.Chance(MistakenShare) ? random.Pick(world.Mistaken) : scope.Fact(random)).Id].ToArray());
        if (!_pools.TryGetValue(kind, out var pool))
            _pools[kind] = pool = [.. _requests[kind]];
        // Rules and instructions have very unequal numbers of combinations, so the rule or the kind of instruction is drawn first.
        if (kind is RequestKind.Rule or RequestKind.Instruction)
            return random.Pick(random.Pick(_groups[kind]));
        if (kind is not (RequestKind.Harmful or RequestKind.LookAlike))
            return random.Pick(pool);
        // Words have unequal numbers of requests; the planted rate is a mean over words, so the word is drawn first.
        return random.Pick(ByWord(random.Pick(_words), kind, random));
    }

    private readonly Dictionary<RequestKind, Request[][]> _groups = requests
        .Where(request => request.Split == RequestSplit.Corpus && request.Kind is (RequestKind.Rule or RequestKind.Instruction))
        .GroupBy(request => request.Kind)
        .ToDictionary(kind => kind.Key, kind => kind.GroupBy(request => request.Derivation?.Rule ?? request.Instruction!.Name).Select(group => group.ToArray()).ToArray());

    private readonly string[] _words = [.. requests.Where(request => request.Word is not null).Select(request => request.Word!.Word).Distinct()];
    private readonly Dictionary<(string, RequestKind), ILookup<string, Request>> _byWord = [];

    // Within a word the contrast is drawn next, or definitions would drown among the many who can be glorped in the play.
    private IReadOnlyList<Request> ByWord(string word, RequestKind kind, SeededRandom random)
    {
        if (!_byWord.TryGetValue((word, kind), out var contrasts))
            _byWord[(word, kind)] = contrasts = _requests[kind].Where(request => request.Word!.Word == word).ToLookup(request => request.Contrast!);
        var contrast = random.Pick(contrasts.Select(group => group.Key).ToArray());
        return [.. contrasts[contrast]];
    }

    private static T Kind<T>(SeededRandom random, (T Kind, double Share)[] mixture)
    {
        var at = random.NextDouble();
        foreach (var (kind, share) in mixture)
            if ((at -= share) < 0)
                return kind;
        return mixture[^1].Kind;
    }
}
