using System.Text.Json;
using System.Text.Json.Serialization;
using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Training.Trainers;

namespace Alidade.Training.Rewards;

/// <summary>A reward that is a rule on one answer, without a model.</summary>
public abstract record RuleReward : IReward
{
    /// <inheritdoc/>
    public abstract string Name { get; }

    /// <inheritdoc/>
    [JsonIgnore]
    public string Fingerprint => Fingerprints.Of(this);

    /// <summary>The score of one answer.</summary>
    public abstract RewardScore Score(AnsweredPrompt completion);

    /// <summary>Says what a row lacks of what the rule reads of it, before anything is answered.</summary>
    /// <param name="asked">The row.</param>
    /// <exception cref="AlidadeException">A field is missing, or cannot be read.</exception>
    internal void CheckRow(AskedPrompt asked) => Score(AnsweredPrompt.OfText(asked, ""));

    /// <inheritdoc/>
    public Task<IReadOnlyList<RewardScore>> ScoreAsync(IReadOnlyList<AnsweredPrompt> completions, CancellationToken cancellation = default)
    {
        var scores = new RewardScore[completions.Count];
        for (var i = 0; i < scores.Length; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            scores[i] = Score(completions[i]);
        }

        return Task.FromResult<IReadOnlyList<RewardScore>>(scores);
    }

    /// <summary>A field of the row as text.</summary>
    /// <exception cref="AlidadeException">The row has no such field, or it is neither a text nor a number.</exception>
    private protected string FieldOf(AnsweredPrompt completion, string field)
    {
        var fields = completion.Asked.Fields;
        if (!fields.TryGetValue(field, out var value))
            throw new AlidadeException($"row '{completion.Asked.Id}': the reward '{Name}' needs the field '{field}', which the row does not have"
                + (Suggest.Nearest(field, fields.Keys) is { } near ? $"; did you mean '{near}'?" : ""));
        return value.ValueKind switch
        {
            JsonValueKind.String => value.GetString()!,
            JsonValueKind.Number => value.GetRawText(),
            _ => throw new AlidadeException($"row '{completion.Asked.Id}': the field '{field}' of the reward '{Name}' is neither a text nor a number"),
        };
    }
}
