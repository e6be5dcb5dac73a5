using System.Text.RegularExpressions;
using Alidade.Core;

namespace Alidade.Models.Hub;

/// <summary>A model on the hub: <c>ORG/NAME</c>, or <c>ORG/NAME@REVISION</c> with a branch, a tag or a commit.</summary>
/// <param name="Organisation">The first part.</param>
/// <param name="Name">The second part.</param>
/// <param name="Revision">Branch, tag or commit; null for the default branch, <c>main</c>.</param>
public sealed partial record HubModelId(string Organisation, string Name, string? Revision)
{
    /// <summary>The revision to ask for.</summary>
    public string RevisionOrMain => Revision ?? "main";

    /// <summary><c>ORG/NAME</c>.</summary>
    public string Repository => $"{Organisation}/{Name}";

    /// <summary>Reads an id.</summary>
    /// <exception cref="AlidadeException">It is not of that form.</exception>
    public static HubModelId Parse(string text) =>
        TryParse(text) ?? throw new AlidadeException($"'{text}' is not the name of a model on the hub: ORG/NAME or ORG/NAME@REVISION is");

    /// <summary>Reads an id; null when the text has not its form, as a path has not.</summary>
    public static HubModelId? TryParse(string text)
    {
        var match = Form().Match(text);
        var parts = match.Groups.Values.Skip(1).Select(g => g.Value).ToArray();
        // The hub allows neither; and a name with ".." would leave its folder.
        if (!match.Success || parts.Any(p => p.Contains("..", StringComparison.Ordinal) || p.Contains("//", StringComparison.Ordinal)) || text.Contains("--", StringComparison.Ordinal))
            return null;
        return new(parts[0], parts[1], match.Groups[3].Success ? parts[2] : null);
    }

    /// <inheritdoc/>
    public override string ToString() => Revision is null ? Repository : $"{Repository}@{Revision}";

    [GeneratedRegex(@"\A([A-Za-z0-9][A-Za-z0-9._-]{0,95})/([A-Za-z0-9][A-Za-z0-9._-]{0,95})(?:@([A-Za-z0-9][A-Za-z0-9._/-]{0,199}))?\z")]
    private static partial Regex Form();
}
