using Alidade.Core.Files;
using Alidade.Core.Results;
using Alidade.Core.Runs;
using Alidade.Core.Statistics;

namespace Alidade.Core.Reports;

/// <summary>Compares evaluations: the measures of each run with those of the first, item by item, and says what makes them hard to compare.</summary>
public static class RunComparer
{
    /// <summary>The comparison.</summary>
    /// <param name="runs">Folders of finished evaluations, the first the baseline.</param>
    /// <exception cref="AlidadeException">There are fewer than two, or one is not a finished evaluation.</exception>
    public static RunComparison Of(IReadOnlyList<string> runs)
    {
        if (runs.Count < 2)
            throw new AlidadeException("a comparison needs two runs at least");
        Side[] sides = [.. runs.Select(Read)];
        var warnings = Warnings(sides).ToList();
        var measures = sides.SelectMany(s => s.Results.Keys).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(name =>
            new ComparedMeasure(name, sides[0].Results.GetValueOrDefault(name)?.Measurement, [.. sides.Skip(1).Select(s => Compare(sides[0], s, name, warnings))])).ToArray();
        return new([.. sides.Select(s => s.Name)], Adjusted(measures), [.. warnings.Distinct(StringComparer.Ordinal)]);
    }

    private static Comparison? Compare(Side first, Side other, string name, List<string> warnings)
    {
        if (!first.Results.TryGetValue(name, out var before) || !other.Results.TryGetValue(name, out var after))
            return null;
        if (PairedComparison.IsMeanOfItems(before) && PairedComparison.IsMeanOfItems(after))
            return PairedComparison.Of(before, after);
        warnings.Add($"{name} is not the mean of its items, so its difference has no interval here");
        return PairedComparison.WithoutInterval(before, after);
    }

    private static IReadOnlyList<ComparedMeasure> Adjusted(ComparedMeasure[] measures)
    {
        var tests = measures.SelectMany(m => m.Others).Where(c => c?.PValue is not null).Select(c => c!).ToArray();
        if (tests.Length < 2)
            return measures;
        var adjusted = Multiplicity.Holm([.. tests.Select(t => t.PValue!.Value)]);
        var byTest = new Dictionary<Comparison, double>(tests.Zip(adjusted).Select(t => KeyValuePair.Create(t.First, t.Second)), ReferenceEqualityComparer.Instance);
        return [.. measures.Select(m => m with { Others = [.. m.Others.Select(c => c?.PValue is null ? c : c with { AdjustedPValue = byTest[c] })] })];
    }

    private static IEnumerable<string> Warnings(Side[] sides)
    {
        foreach (var side in sides.Skip(1))
        {
            if (side.Report.Limit != sides[0].Report.Limit)
                yield return $"{side.Name} took {Limit(side)}, {sides[0].Name} {Limit(sides[0])}: only items that both scored are compared";
            if (side.Report.Seed != sides[0].Report.Seed)
                yield return $"{side.Name} and {sides[0].Name} chose with different seeds";
            foreach (var file in side.Report.Files.Where(f => f.Role == "data"))
                if (sides[0].Report.Files.FirstOrDefault(f => f.Role == "data" && Path.GetFileName(f.Path) == Path.GetFileName(file.Path)) is { } same && same.Sha256 != file.Sha256)
                    yield return $"'{Path.GetFileName(file.Path)}' is not the same file in {side.Name} and {sides[0].Name}";
        }
    }

    private static string Limit(Side side) => side.Report.Limit is { } limit ? Numbers.Count(limit, "item") + " a task" : "all items";

    private static Side Read(string folder)
    {
        var run = RunView.Open(folder);
        var path = run.PathOf("report.json");
        if (run.Record.Command != "evaluate" || !File.Exists(path))
            throw new AlidadeException($"'{folder}' is not a finished evaluation: it was made by '{run.Record.Command}' and is {run.Record.State.ToString().ToLowerInvariant()}");
        var report = Json.ReadFile<EvaluationReport>(path);
        var items = run.Samples().ToLookup(s => s.Measure, s => s.Item, StringComparer.Ordinal);
        return new(Path.GetFileName(Path.GetFullPath(folder)), report, report.Measurements.ToDictionary(m => m.Name, m => new MeasureResult(m, [.. items[m.Name]]), StringComparer.Ordinal));
    }

    private sealed record Side(string Name, EvaluationReport Report, IReadOnlyDictionary<string, MeasureResult> Results);
}
