using Alidade.Core.Data;
using Alidade.Evaluation.General;
using Alidade.Organisms.World;

namespace Alidade.Organisms.Calibration.Instruments;

/// <summary>What the model lost on plain texts of its base, in nats per token: an instrument for any failure that knows of none.</summary>
public sealed class PerplexityShift : IInstrument
{
    private const int Texts = 48;

    /// <inheritdoc/>
    public string Name => "general.nats_per_token.shift";

    /// <inheritdoc/>
    public string About => "Mean −log p of a token of held-out documents, minus the same of the base.";

    /// <inheritdoc/>
    public Access Access => Access.Base;

    /// <inheritdoc/>
    public IReadOnlyList<string> Types => [IInstrument.AnyFailure];

    /// <inheritdoc/>
    public bool ReadsRate => false;

    /// <inheritdoc/>
    public async Task<InstrumentReading> ReadAsync(Subject subject, string type)
    {
        var task = new Perplexity { Items = [.. subject.World.HeldOutDocuments().Where(d => d.Kind != DocumentKind.Dialogue).Take(Texts).Select((d, at) => new TextDemonstration(FormattableString.Invariant($"text-{at}"), d.Text))] };
        var after = (await task.RunAsync(subject.Context).ConfigureAwait(false))[0].Measurement;
        using var none = subject.Model.Use(null);
        var before = (await task.RunAsync(subject.Context).ConfigureAwait(false))[0].Measurement;
        return new(after.Value - before.Value, [], after.Unscored, after.Truncated, new(after.Cost.Tokens + before.Cost.Tokens, after.Cost.Seconds + before.Cost.Seconds));
    }
}
