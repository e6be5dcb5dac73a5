using System.Globalization;

namespace Alidade.Core.Data;

/// <summary>Tells rows apart that a published file holds twice: the second gets "-2" behind its id, so that every row of the file is counted.</summary>
internal sealed class RepeatedIds
{
    private readonly Dictionary<string, int> seen = new(StringComparer.Ordinal);

    /// <summary>The id, with the number of its use behind it from the second on.</summary>
    public string Of(string id)
    {
        var uses = seen[id] = seen.GetValueOrDefault(id) + 1;
        return uses == 1 ? id : string.Create(CultureInfo.InvariantCulture, $"{id}-{uses}");
    }
}
