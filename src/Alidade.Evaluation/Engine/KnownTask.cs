namespace Alidade.Evaluation.Engine;

/// <summary>
/// A task that Alidade knows by name. Every class of this assembly that derives from it is found by itself (<see cref="TaskCatalogue"/>), so a new task needs no other
/// file. The first part of the name is the suite that it belongs to.
/// </summary>
public abstract class KnownTask
{
    /// <summary>Dotted name, such as <c>bias.crows_pairs</c>.</summary>
    public abstract string Name { get; }

    /// <summary>What it measures, in one sentence, with its source.</summary>
    public abstract string About { get; }

    /// <summary>The files of its data, as the catalogue of data names them, such as <c>crows_pairs/crows_pairs_anonymized.csv</c>.</summary>
    public abstract IReadOnlyList<string> Files { get; }

    /// <summary>Items that the suite <c>quick</c> takes; 0 (default) when it leaves the task out.</summary>
    public virtual int QuickItems => 0;

    /// <summary>Reads the data.</summary>
    /// <param name="data">Where a file lies, by its name in <see cref="Files"/>.</param>
    /// <exception cref="Core.AlidadeException">A file is absent or broken.</exception>
    public abstract IEvaluationTask Open(Func<string, string> data);
}
