using System.Globalization;
using Alidade.Core;

namespace Alidade.Models.Architecture;

/// <summary>Refuses configurations that no decoder can have, so that nothing is computed on them.</summary>
internal static class ConfigurationCheck
{
    /// <summary>Gives the configuration back.</summary>
    /// <param name="config">What a file said.</param>
    /// <param name="where">The file.</param>
    /// <exception cref="AlidadeException">A value is out of range; the message names it.</exception>
    public static DecoderConfig Checked(this DecoderConfig config, string where)
    {
        void Must(bool holds, FormattableString otherwise)
        {
            if (!holds)
                throw new AlidadeException($"{where}: {otherwise.ToString(CultureInfo.InvariantCulture)}");
        }

        Must(config.HeadDim >= 1, $"a width of {config.Width} leaves nothing for each of {config.Heads} heads");
        Must(config.Heads % config.KeyValueHeads == 0, $"{config.Heads} heads cannot share {config.KeyValueHeads} key heads");
        Must(config.NormEpsilon >= 0 && double.IsFinite(config.NormEpsilon), $"the norm's epsilon is {config.NormEpsilon}, it must be a number of at least 0");
        foreach (var rotary in new[] { config.Rotary, config.WindowRotary }.OfType<RotaryConfig>())
        {
            Must(rotary.Dimensions >= 2 && rotary.Dimensions <= config.HeadDim && rotary.Dimensions % 2 == 0,
                $"{rotary.Dimensions} rotary dimensions do not fit a head of {config.HeadDim}; they must be even, and at least 2");
            Must(rotary.Theta > 0 && double.IsFinite(rotary.Theta), $"the rotary base is {rotary.Theta}, it must be a number above 0");
            Must(rotary.Factor > 0 && double.IsFinite(rotary.Factor), $"the rotary scaling's factor is {rotary.Factor}, it must be a number above 0");
        }

        foreach (var (name, value) in (IEnumerable<(string, double?)>)[
            ("soft cap on the scores", config.ScoreCap), ("soft cap on the logits", config.LogitCap), ("bound on queries, keys and values", config.QueryKeyValueClip)])
            Must(value is null || (value > 0 && double.IsFinite(value.Value)), $"the {name} is {value}, it must be a number above 0, or absent for none");
        foreach (var (name, value) in (IEnumerable<(string, double)>)[
            ("factor on the logits", config.LogitScale), ("factor on the scores", config.AttentionScale), ("factor on the embeddings", config.EmbeddingScale),
            ("factor on the residual branches", config.ResidualScale)])
            Must(double.IsFinite(value) && value != 0, $"the {name} is {value}, it must be a number other than 0");
        return config;
    }
}
