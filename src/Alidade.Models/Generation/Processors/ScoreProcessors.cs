namespace Alidade.Models.Generation.Processors;

/// <summary>The processors that the options ask for, in the order in which they are applied; none for what changes nothing.</summary>
internal static class ScoreProcessors
{
    /// <summary>Biases, penalties and bans.</summary>
    public static IEnumerable<IScoreProcessor> Rules(GenerationOptions options, IReadOnlySet<int> endTokens)
    {
        if (options.SequenceBias.Count > 0)
            yield return new SequenceBias(options.SequenceBias);
        if (options.RepetitionPenalty != 1)
            yield return new RepetitionPenalty(options.RepetitionPenalty);
        if (options.FrequencyPenalty != 0 || options.PresencePenalty != 0)
            yield return new CountPenalty(options.FrequencyPenalty, options.PresencePenalty);
        if (options.NoRepeatNgramSize > 0)
            yield return new NoRepeatNgram(options.NoRepeatNgramSize);
        if (options.BadWords.Count > 0)
            yield return new BadWords(options.BadWords, endTokens);
        if (options.MinLength > 0 || options.MinNewTokens > 0)
            yield return new MinLength(options.MinLength, options.MinNewTokens, endTokens);
        if (options.SuppressTokens.Count > 0 || options.BeginSuppressTokens.Count > 0)
            yield return new SuppressTokens(options.SuppressTokens, options.BeginSuppressTokens);
    }

    /// <summary>Temperature and the filters of sampling; each works on what the one before has left. Nothing at temperature 0.</summary>
    public static IEnumerable<IScoreProcessor> Filters(GenerationOptions options)
    {
        if (options.Temperature == 0)
            yield break;
        var keep = options.MinTokensToKeep;
        if (options.Temperature != 1)
            yield return new Temperature(options.Temperature);
        if (options.TopK > 0)
            yield return new TopK(Math.Max(options.TopK, keep));
        if (options.TopP < 1)
            yield return new TopP(options.TopP, keep);
        if (options.MinP > 0)
            yield return new MinP(options.MinP, keep);
        if (options.TypicalP < 1)
            yield return new TypicalP(options.TypicalP, keep);
        if (options.EpsilonCutoff > 0)
            yield return new EpsilonCutoff(options.EpsilonCutoff, keep);
        if (options.EtaCutoff > 0)
            yield return new EtaCutoff(options.EtaCutoff, keep);
    }
}
