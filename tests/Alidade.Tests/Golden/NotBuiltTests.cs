using System.Reflection;
using System.Text.RegularExpressions;
using Alidade.Core;

namespace Alidade.Tests.Golden;

/// <summary>Whatever lies in the golden folder and no test class claims is listed as skipped, so that nothing is left out in silence.</summary>
public sealed class NotBuiltTests
{
    private static readonly string[] Claims =
        [.. typeof(NotBuiltTests).Assembly.GetTypes().SelectMany(t => t.GetCustomAttributes<GoldenAttribute>()).Select(a => a.Path)];

    /// <summary>The unclaimed parts.</summary>
    public static IEnumerable<TheoryDataRow<string>> Unclaimed() => GoldenFolder.Rows(() => Parts(GoldenFolder.Root));

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Unclaimed))]
    [Trait("Kind", "Golden")]
    public void Parts_of_the_golden_folder_that_nothing_checks_are_listed(string part) =>
        GoldenCase.Run(part.Split('/')[0], part, _ => throw new NotBuiltException("nothing checks this part yet"));

    private static IEnumerable<string> Parts(string folder)
    {
        if (!Directory.Exists(folder))
            yield break;
        foreach (var entry in Directory.EnumerateFileSystemEntries(folder).Order(StringComparer.Ordinal))
        {
            var path = GoldenFolder.Relative(entry);
            if (Regex.IsMatch(path, @"\.(md|py|mjs|tsv)$") || Claims.Any(claim => Covers(claim, path)))
                continue;
            // A folder with a claim somewhere below it, or a room of the house, is looked into; anything else is one part.
            var isRoom = Directory.Exists(entry) && (!path.Contains('/', StringComparison.Ordinal) || Claims.Any(c => c.StartsWith(path + "/", StringComparison.Ordinal)));
            if (!isRoom)
                yield return path;
            else
                foreach (var part in Parts(entry))
                    yield return part;
        }
    }

    private static bool Covers(string claim, string path) =>
        Regex.IsMatch(path, "^" + Regex.Escape(claim).Replace(@"\*", "[^/]*", StringComparison.Ordinal) + "($|/)");
}
