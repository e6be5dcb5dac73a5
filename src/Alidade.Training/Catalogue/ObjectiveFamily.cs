using Alidade.Core.Data;
using Alidade.Models;
using Alidade.Training.Jobs;

namespace Alidade.Training.Catalogue;

/// <summary>What a family is asked to prepare: a file of rows for one objective and one model.</summary>
/// <param name="Model">The model that will be trained.</param>
/// <param name="Objective">The objective, with its options.</param>
/// <param name="Recipe">What was asked for; its data are read.</param>
public sealed record RowRequest(CausalLM Model, object Objective, TrainRecipe Recipe)
{
    /// <summary>How strict the reader is.</summary>
    public DataOptions Reading => new() { DropInvalidRows = Recipe.Data.DropInvalidRows };
}

/// <summary>
/// Objectives of one shape: which rows they learn from, and which trainer runs them. Every class of this assembly that derives from it is found by itself
/// (<see cref="ObjectiveCatalogue"/>), and so is every objective that implements its interface.
/// </summary>
public abstract class ObjectiveFamily
{
    /// <summary>The interface of its objectives.</summary>
    public abstract Type Interface { get; }

    /// <summary>What the rows of its data hold, as a person would write them.</summary>
    public abstract string Data { get; }

    /// <summary>Whether answers are learned as text, so that they should show the model where to stop.</summary>
    public virtual bool TeachesAnswers => true;

    /// <summary>Whether the model learns from its own answers and their rewards; its rows are prompts then.</summary>
    public virtual bool LearnsFromRewards => false;

    /// <summary>Its objectives: every record of this assembly that implements <see cref="Interface"/>.</summary>
    public virtual IEnumerable<KnownObjective> Objectives => typeof(ObjectiveFamily).Assembly.GetTypes()
        .Where(t => t is { IsClass: true, IsAbstract: false } && Interface.IsAssignableFrom(t) && t.GetConstructor(Type.EmptyTypes) is not null).Select(t => KnownObjective.Of(t, this));

    /// <summary>Reads, splits and tokenises the rows, and binds them to their trainer.</summary>
    /// <exception cref="Core.AlidadeException">The file, a row or an option cannot be used.</exception>
    public abstract PreparedRows Prepare(RowRequest request);
}
