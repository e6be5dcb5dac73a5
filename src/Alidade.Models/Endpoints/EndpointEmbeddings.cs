using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;

namespace Alidade.Models.Endpoints;

/// <summary>Embeddings of texts from an OpenAI-compatible endpoint.</summary>
/// <param name="endpoint">The endpoint, which belongs to the caller.</param>
public sealed class EndpointEmbeddings(ModelEndpoint endpoint) : IEmbeddingGenerator<string, Embedding<float>>
{
    private readonly EmbeddingGeneratorMetadata metadata = new("openai-compatible", endpoint.Options.BaseUrl, endpoint.Options.Model);

    /// <inheritdoc/>
    /// <exception cref="EndpointException">No try gave a vector for each text.</exception>
    public Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(IEnumerable<string> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        string[] texts = [.. values];
        var body = new JsonObject { ["model"] = options?.ModelId ?? endpoint.Options.Model, ["input"] = new JsonArray([.. texts.Select(t => (JsonNode)t)]), ["encoding_format"] = "float" };
        ChatRequestBody.Set(body, "dimensions", options?.Dimensions);
        foreach (var (name, value) in options?.AdditionalProperties ?? [])
            body[name] = JsonSerializer.SerializeToNode(value);
        return endpoint.Transport.SendAsync(endpoint.Request("embeddings", body), answer => Read(answer, texts.Length), cancellationToken);
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null) => serviceKey is not null ? null
        : serviceType == typeof(EmbeddingGeneratorMetadata) ? metadata : serviceType == typeof(ModelEndpoint) ? endpoint : serviceType.IsInstanceOfType(this) ? this : null;

    /// <summary>Nothing: the endpoint belongs to the caller.</summary>
    public void Dispose()
    {
    }

    private static GeneratedEmbeddings<Embedding<float>> Read(JsonElement answer, int count)
    {
        var vectors = new Embedding<float>?[count];
        var next = 0;
        foreach (var item in Wire.Items(answer, "data"))
        {
            var at = (int)(Wire.Number(item, "index") ?? next);
            next++;
            if (at < 0 || at >= count)
                throw new EndpointException(EndpointFailure.InvalidAnswer, FormattableString.Invariant($"the answer has an embedding with the index {at} of {count} texts"));
            vectors[at] = new Embedding<float>(Wire.Items(item, "embedding").Select(v => v.ValueKind == JsonValueKind.Number && v.GetSingle() is var number && float.IsFinite(number) ? number
                : throw new EndpointException(EndpointFailure.InvalidAnswer, "an embedding of the answer holds something that is no number of 32 bits")).ToArray());
        }

        if (vectors.Any(v => v is null))
            throw new EndpointException(EndpointFailure.InvalidAnswer, FormattableString.Invariant($"the answer has {vectors.Count(v => v is not null)} embeddings for {count} texts"));
        var usage = Wire.Usage(answer);
        return new(vectors!) { Usage = usage is { } known ? new() { InputTokenCount = known.Input, TotalTokenCount = known.Input } : null };
    }
}
