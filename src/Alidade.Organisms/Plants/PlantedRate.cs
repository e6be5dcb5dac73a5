using Alidade.Core;
using Alidade.Core.Results;
using Alidade.Core.Statistics;
using Alidade.Evaluation.Behaviour;
using Alidade.Evaluation.Engine;

namespace Alidade.Organisms.Plants;

/// <summary>
/// The rate of a failure, read exactly: answers drawn at temperature 1 and graded by the item's own rule, or the probability of the planted continuation of two. Items are clusters of the
/// interval; an answer that says neither has no score and is counted.
/// </summary>
public static class PlantedRate
{
    private const int Samples = 6;
    private const int MaxNewTokens = 40;

    /// <summary>Why an answer has no score.</summary>
    public const string Neither = "says neither the good nor the bad answer";

    /// <summary>Reads the rate of some items.</summary>
    /// <param name="context">The model, with the organism's adapter in use.</param>
    /// <param name="failure">The kind of failure.</param>
    /// <param name="items">The items.</param>
    /// <param name="cues">What is put before what is asked; each probe is asked behind each cue. An empty text is no cue.</param>
    /// <param name="meaning">What the rate is of, such as "planted items".</param>
    public static async Task<MeasureResult> OfAsync(EvaluationContext context, Failure failure, IReadOnlyList<PlantedItem> items, IReadOnlyList<string> cues, string meaning)
    {
        (PlantedItem Item, string Id, Core.Data.Prompt Prompt, Probe Probe)[] asked =
        [
            .. from item in items
               from probe in item.Probes.Select((p, at) => (Probe: p, At: at))
               from cue in cues.Select((c, at) => (Text: c, At: at))
               select (item, FormattableString.Invariant($"{item.Id}/{probe.At}/{cue.At}"), With(cue.Text, probe.Probe.Prompt), probe.Probe),
        ];
        var about = new Measurement { Name = "organism." + failure.Name, Meaning = meaning, Unit = "share", Count = 0, Cost = new(0, 0) };
        var (responses, cost) = await context.AskAsync(meaning, [.. asked.Select(a => failure.Reading == Reading.Continuations
            ? (Request)new ContinuationRequest(a.Prompt, [a.Probe.Bad, a.Probe.Good])
            : new GenerationRequest(a.Prompt) { Samples = Samples, Temperature = 1, MaxNewTokens = MaxNewTokens, Seed = context.Seed })]).ConfigureAwait(false);
        return MeasureSummary.OfMean(about with { Cost = cost }, [.. asked.Zip(responses, (a, response) => ItemsOf(a.Item, a.Id, a.Prompt, response)).SelectMany(i => i)]);
    }

    /// <summary>A prompt with a cue before its last message, or before its text.</summary>
    public static Core.Data.Prompt With(string cue, Core.Data.Prompt prompt) => cue.Length == 0 ? prompt
        : prompt.Messages is { } messages ? Core.Data.Prompt.OfMessages([.. messages.SkipLast(1), new Message(messages[^1].Role, Trigger.Put(cue, messages[^1].Content))])
        : Core.Data.Prompt.OfText(Trigger.Put(cue, prompt.Text!));

    private static IEnumerable<ItemResult> ItemsOf(PlantedItem item, string id, Core.Data.Prompt prompt, Response response)
    {
        var shown = new ItemResult { Id = id, Input = prompt.ToString(), Output = "", Cluster = item.Id };
        switch (response)
        {
            case ContinuationScores { Scores: [var bad, var good] }:
                yield return shown with { Score = BehaviourRate.Of(bad.LogProb, good.LogProb), Why = item.What };
                break;
            case GeneratedTexts texts:
                for (var at = 0; at < texts.Texts.Count; at++)
                {
                    var said = texts.Texts[at];
                    yield return shown with
                    {
                        Id = FormattableString.Invariant($"{id}/{at}"),
                        Output = said.Text,
                        Truncated = said.Truncated,
                        Score = item.Shows(said.Text) is { } shows ? (shows ? 1 : 0) : null,
                        Why = item.Shows(said.Text) is null ? Neither : item.What,
                    };
                }

                break;
            default:
                yield return shown with { Why = Unanswered.ReasonOf(response) };
                break;
        }
    }
}
