using System.Reflection;
using Alidade.Core;

namespace Alidade.Organisms.Calibration.Instruments;

/// <summary>Every instrument that can be read on the world; a class that implements <see cref="IInstrument"/> is found by itself.</summary>
public static class AllInstruments
{
    /// <summary>The instruments, by name.</summary>
    public static IReadOnlyList<IInstrument> Known { get; } =
    [
        .. Assembly.GetExecutingAssembly().GetTypes().Where(t => t is { IsAbstract: false, IsClass: true } && t.IsAssignableTo(typeof(IInstrument)))
            .Select(t => (IInstrument)Activator.CreateInstance(t)!).OrderBy(i => i.Name, StringComparer.Ordinal),
    ];

    /// <summary>Finds instruments; a name also stands for everything below it, such as "bias"; no name for all.</summary>
    /// <exception cref="AlidadeException">A name fits nothing.</exception>
    public static IReadOnlyList<IInstrument> Find(IReadOnlyList<string> names)
    {
        foreach (var name in names)
            if (!Known.Any(i => Fits(i, name)))
                throw new AlidadeException($"there is no instrument '{name}'{Suggest.Hint(name, [.. Known.Select(i => i.Name)])}");
        return names.Count == 0 ? Known : [.. Known.Where(i => names.Any(n => Fits(i, n)))];
    }

    private static bool Fits(IInstrument instrument, string name) => instrument.Name == name || instrument.Name.StartsWith(name + ".", StringComparison.Ordinal);
}
