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

    /// <summary>What the rows of an objective's data hold, as a person would write them.</summary>
    /// <param name="objective">The objective, with its options.</param>
    public abstract string RowsOf(object objective);

    /// <summary>Whether answers are learned as text, so that they should show the model where to stop.</summary>
    public virtual bool TeachesAnswers => true;

    /// <summary>Whether the model learns from its own answers and their rewards; its rows are prompts then.</summary>
    public virtual bool LearnsFromRewards => false;

    /// <summary>The metric that is a share of the rows, each row right or wrong, so that it has the interval of a share; null where there is none.</summary>
    /// <param name="objective">The objective, with its options.</param>
    public virtual string? ShareOfRows(object objective) => null;

    /// <summary>Its objectives: every record of this assembly that implements <see cref="Interface"/>.</summary>
    public virtual IEnumerable<KnownObjective> Objectives => typeof(ObjectiveFamily).Assembly.GetTypes()
        .Where(t => t is { IsClass: true, IsAbstract: false } && Interface.IsAssignableFrom(t) && t.GetConstructor(Type.EmptyTypes) is not null).Select(t => KnownObjective.Of(t, this));

    /// <summary>
    /// Keys of a recipe that an objective reads and that some others do not, such as "noise". A recipe that sets one for an objective that does not read it is an error
    /// (<see cref="ObjectiveKeys"/>), because it would have no effect.
    /// </summary>
    /// <param name="objective">The objective, with its options.</param>
    public virtual IEnumerable<string> Reads(object objective) => [];

    /// <summary>What an objective cannot do without and a recipe does not name, as an error says it; null where nothing is missing.</summary>
    /// <param name="objective">The objective, with its options.</param>
    /// <param name="recipe">The recipe.</param>
    public virtual string? Missing(object objective, TrainRecipe recipe) => null;

    /// <summary>Opens what the recipe names beside the model; reads, splits and tokenises the rows, and binds them to their trainer. The caller disposes them.</summary>
    /// <exception cref="Core.AlidadeException">Another model, the file, a row or an option cannot be used.</exception>
    public PreparedRows Prepare(RowRequest request)
    {
        var others = new OpenedModels(request.Model);
        try
        {
            var data = request.Recipe.Data with { ContextLength = request.Model.Config.ContextLength };
            var rows = Prepare(request with { Recipe = request.Recipe with { Data = data } }, others);
            (rows.Others, rows.Objective) = (others, request.Objective);
            return rows;
        }
        catch
        {
            others.Dispose();
            throw;
        }
    }

    private protected abstract PreparedRows Prepare(RowRequest request, OpenedModels others);

    /// <summary>Another model as the reference; null where the recipe names none.</summary>
    private protected static CausalLM? ReferenceOf(RowRequest request, OpenedModels others) =>
        request.Recipe.ReferenceModel is { } named ? others.WithVocabulary("reference", "reference_model", named) : null;
}
