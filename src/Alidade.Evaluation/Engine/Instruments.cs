using Alidade.Core;
using Alidade.Evaluation.Toxicity;
using Alidade.Models.Encoders;

namespace Alidade.Evaluation.Engine;

/// <summary>What tasks measure with, beside the model that they measure. A task that needs one says so by name.</summary>
public sealed record Instruments
{
    /// <summary>The judge: a model that reads answers and gives verdicts.</summary>
    public IEvaluatedModel? Judge { get; init; }

    /// <summary>A classifier of toxic text.</summary>
    public SequenceClassifier? Toxicity { get; init; }

    /// <summary>A scorer of toxic text that goes before <see cref="Toxicity"/>: a lexicon, an endpoint.</summary>
    public IToxicityScorer? ToxicityScorer { get; init; }

    /// <summary>A classifier of entailment between two texts.</summary>
    public SequenceClassifier? Entailment { get; init; }

    /// <summary>A masked language model.</summary>
    public MaskedLM? Masked { get; init; }

    /// <summary>A sentence encoder.</summary>
    public SentenceEncoder? Sentences { get; init; }

    /// <summary>The judge, which must be there.</summary>
    /// <exception cref="AlidadeException">There is none.</exception>
    public IEvaluatedModel NeedJudge(string task) => Judge ?? throw Missing(task, "a judge", "--judge MODEL or --judge-endpoint URL");

    /// <summary>The toxicity classifier, which must be there.</summary>
    /// <exception cref="AlidadeException">There is none.</exception>
    public SequenceClassifier NeedToxicity(string task) => Toxicity ?? throw Missing(task, "a toxicity classifier", "--toxicity-model FOLDER");

    /// <summary>The entailment classifier, which must be there.</summary>
    /// <exception cref="AlidadeException">There is none.</exception>
    public SequenceClassifier NeedEntailment(string task) => Entailment ?? throw Missing(task, "an entailment classifier", "--entailment-model FOLDER");

    /// <summary>The masked language model, which must be there.</summary>
    /// <exception cref="AlidadeException">There is none.</exception>
    public MaskedLM NeedMasked(string task) => Masked ?? throw Missing(task, "a masked language model", "--masked-model FOLDER");

    /// <summary>The sentence encoder, which must be there.</summary>
    /// <exception cref="AlidadeException">There is none.</exception>
    public SentenceEncoder NeedSentences(string task) => Sentences ?? throw Missing(task, "a sentence encoder", "--sentence-encoder FOLDER");

    private static MissingInstrumentException Missing(string task, string what, string how) => new($"{task} needs {what}: give {how}");
}

/// <summary>A task cannot run without an instrument that was not given. A suite leaves such a task out and says so.</summary>
public sealed class MissingInstrumentException : AlidadeException
{
    internal MissingInstrumentException(string message)
        : base(message)
    {
    }
}
