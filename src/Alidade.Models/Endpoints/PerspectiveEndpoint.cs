using System.Text.Json.Nodes;
using Alidade.Core;

namespace Alidade.Models.Endpoints;

/// <summary>
/// An endpoint that speaks the protocol of the Perspective API: a text and an attribute in, a score from 0 to 1 out.
/// </summary>
/// <remarks>
/// POST comments:analyze with <c>comment.text</c>, <c>languages</c> and <c>requestedAttributes</c>; the score is <c>attributeScores.NAME.summaryScore.value</c>. The key
/// goes into a header (<see cref="EndpointOptions.KeyHeader"/>, for Google's own service <c>X-Goog-Api-Key</c>), never into the address. Safe for concurrent use.
/// </remarks>
public sealed class PerspectiveEndpoint : IDisposable
{
    private readonly EndpointTransport transport;
    private readonly string? language;

    /// <summary>Makes the endpoint; nothing is sent yet.</summary>
    /// <param name="options">Where it is; <see cref="EndpointOptions.Model"/> names the attribute, such as <c>TOXICITY</c>.</param>
    /// <param name="language">Language of the texts, such as "en" (default); null lets the service tell it.</param>
    /// <param name="time">The clock of delays, timeouts and limits; the system's when null.</param>
    /// <exception cref="AlidadeException">An option is out of range, or the key's variable is not set.</exception>
    public PerspectiveEndpoint(EndpointOptions options, string? language = "en", TimeProvider? time = null)
    {
        Options = options;
        this.language = language;
        transport = new(options, time ?? TimeProvider.System, Random.Shared.NextDouble);
    }

    /// <summary>The options.</summary>
    public EndpointOptions Options { get; }

    /// <summary>What the calls came to so far.</summary>
    public EndpointStatistics Statistics => transport.Statistics;

    /// <summary>Scores a text.</summary>
    /// <exception cref="EndpointException">No try gave a score.</exception>
    public Task<double> ScoreAsync(string text, CancellationToken cancellation = default)
    {
        var body = new JsonObject
        {
            ["comment"] = new JsonObject { ["text"] = text },
            ["requestedAttributes"] = new JsonObject { [Options.Model] = new JsonObject() },
            ["doNotStore"] = true,
        };
        if (language is not null)
            body["languages"] = new JsonArray(language);
        return transport.SendAsync(new EndpointRequest("comments:analyze", body, 0), answer =>
            Wire.Field(answer, "attributeScores") is { } scores && Wire.Field(scores, Options.Model) is { } attribute && Wire.Field(attribute, "summaryScore") is { } summary
                && Wire.Number(summary, "value") is >= 0 and <= 1 and var score
                    ? score
                    : throw new EndpointException(EndpointFailure.InvalidAnswer, $"{Options.BaseUrl} gave no score '{Options.Model}' from 0 to 1"), cancellation);
    }

    /// <inheritdoc/>
    public void Dispose() => transport.Dispose();
}
