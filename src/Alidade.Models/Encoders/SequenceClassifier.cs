using Alidade.Core;
using Alidade.Models.Architecture;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Encoders;

/// <summary>What a classifier says about one text.</summary>
public sealed record Classification
{
    /// <summary>One number for each label, in their order.</summary>
    public required IReadOnlyList<double> Logits { get; init; }

    /// <summary>
    /// One probability for each label: the softmax of the logits when one label holds, a sigmoid for each when they hold one by one; null under regression,
    /// where a logit is the score itself.
    /// </summary>
    public required IReadOnlyList<double>? Probabilities { get; init; }

    /// <summary>The label with the largest logit.</summary>
    public required string Label { get; init; }

    /// <summary>Tokens read, special ones included.</summary>
    public required int Tokens { get; init; }

    /// <summary>Tokens cut off the end of the text because the row would have been too long.</summary>
    public required int CutTokens { get; init; }
}

/// <summary>What a classifier says about texts.</summary>
public sealed record Classifications
{
    /// <summary>Names of the labels.</summary>
    public required IReadOnlyList<string> Labels { get; init; }

    /// <summary>How the logits are read.</summary>
    public required ClassificationProblem Problem { get; init; }

    /// <summary>One for each text, in their order.</summary>
    public required IReadOnlyList<Classification> Items { get; init; }

    /// <summary>Texts of which a part was cut off.</summary>
    public int Truncated => Items.Count(i => i.CutTokens > 0);
}

/// <summary>An encoder with a classification head: a judge of toxicity, entailment, reward.</summary>
public sealed class SequenceClassifier : IDisposable
{
    private readonly Linear dense;
    private readonly Linear output;

    private SequenceClassifier(EncoderModel encoder, (Linear Dense, Linear Output) head) => (Encoder, (dense, output)) = (encoder, head);

    /// <summary>The white box below the head.</summary>
    public EncoderModel Encoder { get; }

    /// <summary>Names of the labels.</summary>
    public IReadOnlyList<string> Labels => Encoder.Config.Labels;

    /// <summary>How the logits are read.</summary>
    public ClassificationProblem Problem => Encoder.Config.Problem;

    /// <summary>Loads a Hugging Face folder.</summary>
    /// <exception cref="AlidadeException">A file is missing, malformed or does not fit its own configuration, or the model has no classification head.</exception>
    /// <exception cref="NotBuiltException">The architecture, or a part of it, is not supported.</exception>
    public static SequenceClassifier Load(string path, LoadOptions? options = null)
    {
        var (encoder, head) = EncoderLoader.Load(path, options ?? new(), Take);
        return new(encoder, head);
    }

    /// <summary>Logits of each row.</summary>
    /// <returns>[rows, labels]; differentiable.</returns>
    public Tensor Logits(EncoderBatch batch)
    {
        using var scope = NewDisposeScope();
        var first = Encoder.Hidden(batch).select(1, 0);
        return output.Apply(Encoder.Config.ClassifierActivation.Apply(dense.Apply(first))).MoveToOuterDisposeScope();
    }

    /// <summary>Classifies texts.</summary>
    /// <exception cref="AlidadeException">The maximum length does not fit the model, or there is no tokenizer.</exception>
    public Classifications Classify(IEnumerable<string> texts, EncoderTextOptions? options = null, CancellationToken cancellation = default) =>
        ClassifyAll(texts.Select(t => (t, (string?)null)), options ?? new(), cancellation);

    /// <summary>Classifies pairs of texts: premise and hypothesis, question and answer.</summary>
    /// <inheritdoc cref="Classify(IEnumerable{string}, EncoderTextOptions?, CancellationToken)"/>
    public Classifications Classify(IEnumerable<(string First, string Second)> pairs, EncoderTextOptions? options = null, CancellationToken cancellation = default) =>
        ClassifyAll(pairs.Select(p => (p.First, (string?)p.Second)), options ?? new(), cancellation);

    /// <inheritdoc/>
    public void Dispose() => Encoder.Dispose();

    private static (Linear Dense, Linear Output) Take(OpenedEncoder opened)
    {
        var names = opened.Files.Classifier ?? throw opened.NoHead("classification head", opened.Files.Names.Classifier.Output + ".weight");
        opened.Weights.Take(EncoderTensors.Classifier(names, opened.Config));
        return (opened.Weights.Linear(names.Dense), opened.Weights.Linear(names.Output));
    }

    private Classifications ClassifyAll(IEnumerable<(string, string?)> texts, EncoderTextOptions options, CancellationToken cancellation)
    {
        var rows = EncoderTexts.Of(Encoder.Tokenizer, texts, Encoder.Config.ContextLength, options);
        var items = new Classification[rows.Ids.Count];
        using var noGrad = no_grad();
        rows.InBatches(options.BatchTokens, cancellation, (batch, numbers) =>
        {
            using var scope = NewDisposeScope();
            var logits = Logits(batch).to(ScalarType.Float64).cpu();
            var probabilities = Problem switch
            {
                ClassificationProblem.SingleLabel => nn.functional.softmax(logits, -1),
                ClassificationProblem.MultiLabel => logits.sigmoid(),
                _ => null,
            };
            for (var row = 0; row < numbers.Length; row++)
            {
                var values = logits[row].data<double>().ToArray();
                items[numbers[row]] = new()
                {
                    Logits = values,
                    Probabilities = probabilities?[row].data<double>().ToArray(),
                    Label = Labels[Array.IndexOf(values, values.Max())],
                    Tokens = batch.Lengths[row],
                    CutTokens = rows.Cut[numbers[row]],
                };
            }
        });
        return new() { Labels = Labels, Problem = Problem, Items = items };
    }
}
