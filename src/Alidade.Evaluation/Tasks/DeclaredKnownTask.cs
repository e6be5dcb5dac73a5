using Alidade.Core.Data.Catalogue;
using Alidade.Evaluation.Engine;

namespace Alidade.Evaluation.Tasks;

/// <summary>A task file that Alidade brings and whose data are published: a task by name. It is not found by its type; <see cref="TaskCatalogue"/> asks for all.</summary>
internal sealed class DeclaredKnownTask : KnownTask
{
    private readonly LoadedTaskFile definition;

    private DeclaredKnownTask(LoadedTaskFile definition) => this.definition = definition;

    /// <summary>All of them.</summary>
    public static IEnumerable<KnownTask> All => TaskFiles.BuiltIn.Select(TaskFiles.Read)
        .Where(t => t.File.Data.Count > 0 && t.File.Data.All(DataCatalogue.HasFile)).Select(t => new DeclaredKnownTask(t));

    public override string Name => definition.Name;

    public override string About => definition.File.About ?? definition.Harness;

    public override IReadOnlyList<string> Files => definition.File.Examples.Data is { } pool ? [.. definition.File.Data, pool] : definition.File.Data;

    public override IEvaluationTask Open(Func<string, string> data) => DeclaredTask.Open(definition, data);
}
