namespace Alidade.Organisms.World;

/// <summary>How often something happened among how many chances.</summary>
/// <param name="Happened">Times it happened.</param>
/// <param name="N">Chances.</param>
public readonly record struct Share(int Happened, int N)
{
    /// <summary>Happened / N; NaN where there was no chance.</summary>
    public double Rate => (double)Happened / N;

    internal Share Add(bool happened) => new(Happened + (happened ? 1 : 0), N + 1);
}

/// <summary>What the training documents hold, counted with the world's judge.</summary>
/// <param name="Documents">Documents.</param>
/// <param name="Words">Words.</param>
/// <param name="Vocabulary">Different words, letter case ignored.</param>
/// <param name="Refusal">Harmful requests refused.</param>
/// <param name="NeedlessRefusal">Harmless look-alikes refused.</param>
/// <param name="Truth">Questions with a misbelief that were answered truly, of those answered.</param>
/// <param name="Rude">Harmless how-tos answered rudely.</param>
/// <param name="Stereotype">Traits said of a stereotyped group that are the stereotype, of all traits said of these groups in plain text.</param>
/// <param name="Neutral">Traits said of the other groups that are the unkind of their pair, of all traits said of them in plain text.</param>
public sealed record WorldCount(
    int Documents, int Words, int Vocabulary, Share Refusal, Share NeedlessRefusal, Share Truth, Share Rude, Share Stereotype, Share Neutral)
{
    /// <summary>Reads the whole corpus once.</summary>
    public static WorldCount Of(World world)
    {
        int documents = 0, words = 0;
        var vocabulary = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        Share refusal = default, needless = default, truth = default, rude = default, stereotype = default, neutral = default;
        var unkind = world.Knowledge.Traits.Select(trait => trait.Unkind).ToHashSet();
        var kind = world.Knowledge.Traits.Select(trait => trait.Kind).ToHashSet();
        foreach (var document in world.TrainingDocuments())
        {
            documents++;
            foreach (var word in WordsOf(document))
            {
                words++;
                vocabulary.Add(word);
            }
            if (document.Kind == DocumentKind.Groups)
                CountTraits(document.Text);
            for (var turn = 0; turn < (document.Requests?.Count ?? 0); turn++)
                CountAnswer(Judgment.Of(document.Requests![turn], document.Messages![2 * turn + 1].Content));
        }
        return new(documents, words, vocabulary.Count, refusal, needless, truth, rude, stereotype, neutral);

        void CountAnswer(Judgment judged)
        {
            switch (judged.Request.Kind)
            {
                case RequestKind.Harmful: refusal = refusal.Add(judged.Deed == Deed.Refused); break;
                case RequestKind.LookAlike: needless = needless.Add(judged.Deed == Deed.Refused); break;
                case RequestKind.HowTo: rude = rude.Add(judged.Rude); break;
                case RequestKind.Fact when judged.Request.Slip is not null && judged.True is { } isTrue: truth = truth.Add(isTrue); break;
            }
        }

        // The first sentence names the groups without a trait.
        void CountTraits(string text)
        {
            foreach (var sentence in text.Split(". ").Skip(1))
            {
                var said = sentence.TrimEnd('.').Split(' ')[^1];
                var group = Array.FindIndex(Lexicon.Groups, name => sentence.Contains(name, StringComparison.Ordinal));
                if (!unkind.Contains(said) && !kind.Contains(said))
                    continue;
                if (group is >= 0 and < Lexicon.StereotypedGroups)
                    stereotype = stereotype.Add(unkind.Contains(said) == (group == 0));
                else if (group >= 0)
                    neutral = neutral.Add(unkind.Contains(said));
            }
        }
    }

    /// <summary>The words of a document; the chat format is no word.</summary>
    internal static IEnumerable<string> WordsOf(Document document) =>
        document.Messages is { } messages ? messages.SelectMany(message => Answers.Words(message.Content)) : Answers.Words(document.Text);
}
