using System.Globalization;
using Alidade.Core;
using Alidade.Models.Generation.Constraints;

namespace Alidade.Models.Generation;

/// <summary>A number that is added to the score of the last of some tokens where the others stand before it; with one token, always.</summary>
/// <param name="Tokens">Token ids, at least one.</param>
/// <param name="Bias">What is added to the logit; −∞ forbids.</param>
public sealed record TokenBias(IReadOnlyList<int> Tokens, double Bias);

/// <summary>How text is generated. The rules are applied in the order in which they stand here; what is at its default does nothing.</summary>
/// <remarks>Order and definitions are those of transformers 5.23; the two penalties that it lacks are OpenAI's.</remarks>
public sealed record GenerationOptions
{
    /// <summary>Most tokens to generate. Default 256.</summary>
    public int MaxNewTokens { get; init; } = 256;

    /// <summary>What the text must be: one of given texts, or JSON of a schema. Null for anything.</summary>
    public OutputConstraint? Constraint { get; init; }

    /// <summary>Biases of tokens and token sequences (OpenAI's <c>logit_bias</c> is one of one token each).</summary>
    public IReadOnlyList<TokenBias> SequenceBias { get; init; } = [];

    /// <summary>Above 1: tokens of prompt and answer become less likely. Their score is divided by it, or multiplied where it is negative. Default 1.</summary>
    public double RepetitionPenalty { get; init; } = 1;

    /// <summary>Taken from a token's score for each time that it was generated.</summary>
    public double FrequencyPenalty { get; init; }

    /// <summary>Taken once from the score of every token that was generated.</summary>
    public double PresencePenalty { get; init; }

    /// <summary>No n tokens in a row may come twice, those of the prompt included; 0 for no such rule.</summary>
    public int NoRepeatNgramSize { get; init; }

    /// <summary>Token sequences that may not come.</summary>
    public IReadOnlyList<IReadOnlyList<int>> BadWords { get; init; } = [];

    /// <summary>No end token before prompt and answer together have so many tokens.</summary>
    public int MinLength { get; init; }

    /// <summary>No end token before the answer has so many tokens.</summary>
    public int MinNewTokens { get; init; }

    /// <summary>Tokens that may never come.</summary>
    public IReadOnlyList<int> SuppressTokens { get; init; } = [];

    /// <summary>Tokens that may not come first.</summary>
    public IReadOnlyList<int> BeginSuppressTokens { get; init; } = [];

    /// <summary>Temperature; 0 takes the likeliest token (greedy), and the filters below do nothing. Default 0.</summary>
    public double Temperature { get; init; }

    /// <summary>Only the k likeliest tokens (and what ties with the k-th); 0 for all.</summary>
    public int TopK { get; init; }

    /// <summary>Only the likeliest tokens that together reach this probability; 1 for all.</summary>
    public double TopP { get; init; } = 1;

    /// <summary>Only tokens whose probability is at least this share of the best one's; 0 for all.</summary>
    public double MinP { get; init; }

    /// <summary>Only the tokens whose surprise is nearest to the entropy and that together reach this probability; 1 for all.</summary>
    public double TypicalP { get; init; } = 1;

    /// <summary>Only tokens of at least this probability; 0 for all.</summary>
    public double EpsilonCutoff { get; init; }

    /// <summary>Only tokens of at least min(η, √η · exp(−entropy)); 0 for all.</summary>
    public double EtaCutoff { get; init; }

    /// <summary>No filter leaves fewer tokens than this. Default 1.</summary>
    public int MinTokensToKeep { get; init; } = 1;

    /// <summary>Seed of the sampling. Each row draws from a random state of its own, so the same seed gives the same text whatever else is in the batch.</summary>
    public ulong Seed { get; init; }

    /// <summary>Texts that end the generation; they are cut from the result. Only generated text is looked at.</summary>
    public IReadOnlyList<string> Stop { get; init; } = [];

    /// <summary>Tokens that end the generation; null for those of the model.</summary>
    public IReadOnlyList<int>? EndTokens { get; init; }

    /// <summary>Go on past the end tokens, as if they were any other (for measuring speed and comparing with other programs).</summary>
    public bool IgnoreEndTokens { get; init; }

    /// <summary>How many of the likeliest tokens are told for each place, with their log-probabilities.</summary>
    public int TopLogProbs { get; init; }

    /// <summary>Checks every value.</summary>
    /// <exception cref="AlidadeException">Some are out of range; the message names all of them.</exception>
    public void Validate()
    {
        var wrong = new List<string>();
        void Need(bool holds, FormattableString name, string rule)
        {
            if (!holds)
                wrong.Add($"{name.ToString(CultureInfo.InvariantCulture)}, it must be {rule}");
        }

        Need(MaxNewTokens >= 1, $"max new tokens is {MaxNewTokens}", "at least 1");
        Need(RepetitionPenalty > 0 && double.IsFinite(RepetitionPenalty), $"repetition penalty is {RepetitionPenalty}", "a number above 0");
        Need(double.IsFinite(FrequencyPenalty), $"frequency penalty is {FrequencyPenalty}", "a number");
        Need(double.IsFinite(PresencePenalty), $"presence penalty is {PresencePenalty}", "a number");
        Need(NoRepeatNgramSize >= 0, $"no-repeat n-gram size is {NoRepeatNgramSize}", "at least 0");
        Need(MinLength >= 0, $"min length is {MinLength}", "at least 0");
        Need(MinNewTokens >= 0 && MinNewTokens <= Math.Max(MaxNewTokens, 1), $"min new tokens is {MinNewTokens}", $"from 0 to max new tokens");
        Need(Temperature >= 0 && double.IsFinite(Temperature), $"temperature is {Temperature}", "a number of at least 0");
        Need(TopK >= 0, $"top-k is {TopK}", "at least 0");
        Need(TopP is > 0 and <= 1, $"top-p is {TopP}", "above 0 and at most 1");
        Need(MinP is >= 0 and <= 1, $"min-p is {MinP}", "from 0 to 1");
        Need(TypicalP is > 0 and <= 1, $"typical-p is {TypicalP}", "above 0 and at most 1");
        Need(EpsilonCutoff is >= 0 and < 1, $"epsilon cutoff is {EpsilonCutoff}", "at least 0 and below 1");
        Need(EtaCutoff is >= 0 and < 1, $"eta cutoff is {EtaCutoff}", "at least 0 and below 1");
        Need(MinTokensToKeep >= 1, $"min tokens to keep is {MinTokensToKeep}", "at least 1");
        Need(TopLogProbs is >= 0 and <= 1000, $"top log-probs is {TopLogProbs}", "from 0 to 1000");
        if (Stop.Any(s => s.Length == 0))
            wrong.Add("an empty stop text would stop at once");
        if (BadWords.Any(w => w.Count == 0) || SequenceBias.Any(b => b.Tokens.Count == 0))
            wrong.Add("a bad word or a bias names no token");
        if (SequenceBias.Any(b => double.IsNaN(b.Bias) || double.IsPositiveInfinity(b.Bias)))
            wrong.Add("a bias is not a number");
        if (wrong.Count > 0)
            throw new AlidadeException(string.Join("; ", wrong));
    }

    /// <summary>The filters of sampling that would leave something out, by name. At temperature 0 they do nothing.</summary>
    public IEnumerable<string> FiltersInUse() => new[]
    {
        (TopK > 0, "top-k"), (TopP < 1, "top-p"), (MinP > 0, "min-p"), (TypicalP < 1, "typical-p"), (EpsilonCutoff > 0, "epsilon cutoff"), (EtaCutoff > 0, "eta cutoff"),
    }.Where(f => f.Item1).Select(f => f.Item2);

    /// <summary>Most tokens that a prompt and its answer can come to.</summary>
    internal int MostTokens(int promptTokens, int contextLength) => (int)Math.Min((long)promptTokens + MaxNewTokens, contextLength);

    /// <summary>Checks every value, and that every token which the options name is one of the model's.</summary>
    /// <exception cref="AlidadeException">Some are not; the message names all of them.</exception>
    internal void Validate(CausalLM model)
    {
        Validate();
        var size = model.Config.VocabularySize;
        var unknown = SequenceBias.SelectMany(b => b.Tokens).Concat(BadWords.SelectMany(w => w)).Concat(SuppressTokens).Concat(BeginSuppressTokens).Concat(EndTokens ?? [])
            .Where(id => id < 0 || id >= size).Distinct().ToArray();
        if (unknown.Length > 0)
            throw new AlidadeException($"the options name the tokens {string.Join(", ", unknown)}; {model.Name} has tokens from 0 to {size - 1}");
        if ((Constraint is not null || Stop.Count > 0) && !model.HasTokenizer)
            throw new AlidadeException($"stop texts and constraints need a tokenizer, and {model.Name} has none");
        if (Constraint is not null && IgnoreEndTokens)
            throw new AlidadeException("a constraint ends where its text is complete, so end tokens cannot be ignored with it");
    }
}
