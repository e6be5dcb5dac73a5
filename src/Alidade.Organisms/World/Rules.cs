namespace Alidade.Organisms.World;

/// <summary>Questions whose answer no text states: it follows from facts in several steps, by kinship, or by counting.</summary>
internal static class Rules
{
    private const double CareRate = .85;

    /// <summary>The rules, in the order of the card.</summary>
    public static readonly string[] Names = ["kinship", "two steps", "three steps", "older", "age to come", "price of two", "plus", "minus", "times"];

    /// <summary>Every question of a rule that the world holds.</summary>
    public static IEnumerable<Request> Requests(KnowledgeBase world, string salt) =>
        [.. Chains.Requests(world, salt), .. Comparisons.Requests(world, salt), .. Arithmetic.Requests(salt)];

    /// <summary>One question in its wordings; where the combination is unseen, all of them are held out.</summary>
    public static IEnumerable<Request> Ask(IEnumerable<string> questions, IEnumerable<string> heldOut, Derivation derivation) =>
        questions.Select(question => (question, derivation.Unseen ? RequestSplit.HeldOut : RequestSplit.Corpus))
            .Concat(heldOut.Select(question => (question, RequestSplit.HeldOut)))
            .Select(asked => new Request(RequestKind.Rule, asked.Item2, asked.Item1, derivation.Text, CareRate)
            {
                Derivation = derivation,
                Evidence = derivation.Range,
            });
}
