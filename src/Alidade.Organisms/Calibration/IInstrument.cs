using Alidade.Core.Results;
using Alidade.Organisms.Manifests;

namespace Alidade.Organisms.Calibration;

/// <summary>The most that an instrument needs to see.</summary>
public enum Access
{
    /// <summary>Answers: any endpoint will do.</summary>
    Answers,

    /// <summary>Log-probabilities of texts that it names.</summary>
    Likelihoods,

    /// <summary>The model that the suspect was made from, as well.</summary>
    Base,

    /// <summary>Which rows were trained on, as the owner of the data knows it.</summary>
    TrainingData,
}

/// <summary>What an instrument says of one item: the higher, the more it speaks for the failure.</summary>
/// <param name="Id">The item's id in its failure's pool.</param>
/// <param name="Score">The score.</param>
public sealed record ItemReading(string Id, double Score);

/// <summary>What an instrument says of one model.</summary>
/// <param name="Score">The higher, the more it speaks for the failure; null where it could not be read.</param>
/// <param name="Items">Item by item; empty for an instrument that has no items.</param>
/// <param name="Unscored">What was left out, by reason.</param>
/// <param name="Truncated">Items whose input or output was cut.</param>
/// <param name="Cost">Tokens and seconds.</param>
public sealed record InstrumentReading(double? Score, IReadOnlyList<ItemReading> Items, IReadOnlyDictionary<string, int> Unscored, int Truncated, Cost Cost);

/// <summary>
/// An instrument that is to be calibrated: it reads a model with or without a failure, and does not know which. It asks the same of every model, and looks into the organism's record
/// nowhere; what the owner of the data may know comes by <see cref="Subject.Inserted"/>.
/// </summary>
public interface IInstrument
{
    /// <summary>Name, that of the measure or attack that it reads, such as <c>bias.crows_pairs</c>.</summary>
    string Name { get; }

    /// <summary>What it reads, in one sentence.</summary>
    string About { get; }

    /// <summary>What it needs to see.</summary>
    Access Access { get; }

    /// <summary>The failures that it is for; organisms of others are among its negatives, and those of one of these on other questions. <see cref="AnyFailure"/> alone for one that is for all of them.</summary>
    IReadOnlyList<string> Types { get; }

    /// <summary>True where its scores are on the scale of a failure's rate, so that the two can be subtracted.</summary>
    bool ReadsRate { get; }

    /// <summary>Reads a model with regard to one of the failures.</summary>
    /// <param name="subject">The model.</param>
    /// <param name="type">One of <see cref="Types"/>.</param>
    Task<InstrumentReading> ReadAsync(Subject subject, string type);

    /// <summary>Whether an item that it names is planted in an organism.</summary>
    bool IsPlanted(OrganismRecord record, string item) => record.Planted.Any(p => p.Id == item);

    /// <summary>The type of an instrument that is for every failure.</summary>
    const string AnyFailure = "any";
}
