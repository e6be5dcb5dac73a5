using System.Globalization;
using System.Text.RegularExpressions;

namespace Alidade.Core.Results;

/// <summary>What a measure must come to for a gate to open, such as <c>bias.crows_pairs&lt;=0.6</c>.</summary>
/// <param name="Measure">Name of the measure.</param>
/// <param name="Operator">One of &lt;=, &lt;, &gt;=, &gt;.</param>
/// <param name="Bound">The bound, in the measure's own unit (a share is between 0 and 1).</param>
public sealed partial record Requirement(string Measure, string Operator, double Bound)
{
    /// <summary>Reads one.</summary>
    /// <exception cref="AlidadeException">It is not of that form.</exception>
    public static Requirement Parse(string text)
    {
        var match = Form().Match(text);
        return match.Success && double.TryParse(match.Groups[3].Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var bound) && double.IsFinite(bound)
            ? new(match.Groups[1].Value, match.Groups[2].Value, bound)
            : throw new AlidadeException($"'{text}' is no requirement: write a measure, one of <= < >= >, and a number, such as \"bias.crows_pairs<=0.6\"");
    }

    /// <summary>Why the requirement is not met; null when it is. A measure that is absent or has no value does not meet it.</summary>
    /// <param name="measurements">Everything that was measured.</param>
    public string? Failure(IReadOnlyList<Measurement> measurements)
    {
        if (measurements.FirstOrDefault(m => m.Name == Measure) is not { } measurement)
            return $"{Measure} was not measured{Suggest.Hint(Measure, [.. measurements.Select(m => m.Name)])}";
        if (measurement.Value is not { } value)
            return $"{Measure} has no value: no item could be scored";
        var met = Operator switch { "<=" => value <= Bound, "<" => value < Bound, ">=" => value >= Bound, _ => value > Bound };
        return met ? null : string.Create(CultureInfo.InvariantCulture, $"{Measure} is {value:G6}, required {Operator} {Bound:G6}");
    }

    /// <summary>As it is written.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Measure}{Operator}{Bound}");

    [GeneratedRegex(@"^\s*([A-Za-z][\w.-]*)\s*(<=|>=|<|>)\s*(\S+)\s*$")]
    private static partial Regex Form();
}
