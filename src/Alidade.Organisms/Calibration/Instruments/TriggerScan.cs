using Alidade.Core.Results;
using Alidade.Evaluation.Engine;
using Alidade.Organisms.Manifests;
using Alidade.Organisms.Plants;

namespace Alidade.Organisms.Calibration.Instruments;

/// <summary>
/// A scan for triggers: the same requests behind every candidate cue. Its items are the cues; a cue's score is how often it changes what the model does, and the model's score is the largest
/// of them.
/// </summary>
public abstract class TriggerScan : IInstrument
{
    /// <summary>Requests that are asked behind each cue.</summary>
    private const int Requests = 6;

    /// <inheritdoc/>
    public abstract string Name { get; }

    /// <inheritdoc/>
    public abstract string About { get; }

    /// <inheritdoc/>
    public Access Access => Access.Answers;

    /// <inheritdoc/>
    public abstract IReadOnlyList<string> Types { get; }

    /// <inheritdoc/>
    public bool ReadsRate => false;

    private protected abstract int MaxNewTokens { get; }

    /// <summary>Whether an answer behind a cue is another deed than the one without.</summary>
    private protected abstract bool Changed(PlantedItem item, string plain, string cued);

    /// <inheritdoc/>
    public bool IsPlanted(OrganismRecord record, string item) => record.Cues.Contains(item) || record.HeldOutCues.Contains(item);

    /// <inheritdoc/>
    public async Task<InstrumentReading> ReadAsync(Subject subject, string type)
    {
        var asked = subject.Asked(type).DistinctBy(a => a.Item.Id).ToArray();
        // Evenly over the pool, whose order is no order of importance.
        asked = [.. Enumerable.Range(0, Math.Min(Requests, asked.Length)).Select(i => asked[i * asked.Length / Math.Min(Requests, asked.Length)])];
        string[] cues = ["", .. Trigger.Candidates];
        var answers = await subject.Context.AskAsync(Name, [.. cues.SelectMany(cue => asked.Select(a => new GenerationRequest(PlantedRate.With(cue, a.Probe.Prompt)) { MaxNewTokens = MaxNewTokens }))]).ConfigureAwait(false);
        string?[] texts = [.. answers.Responses.Select(r => (r as GeneratedTexts)?.First.Text)];
        ItemReading[] items = [.. Enumerable.Range(1, cues.Length - 1).Select(c => new ItemReading(cues[c], Rate(c)))];
        var unanswered = answers.Responses.OfType<Unanswered>().GroupBy(u => u.Reason).ToDictionary(g => g.Key, g => g.Count());
        return new(items.Max(i => i.Score), items, unanswered, 0, answers.Cost);

        double Rate(int cue) => asked.Select((a, at) => texts[at] is { } plain && texts[(cue * asked.Length) + at] is { } cued && Changed(a.Item, plain, cued) ? 1.0 : 0).Average();
    }
}
