using System.Globalization;

namespace Alidade.Evaluation;

/// <summary>Numbers and texts as items show them to a person.</summary>
internal static class Shown
{
    /// <summary>A log-probability with two decimals.</summary>
    public static string Nats(double value) => value.ToString("F2", CultureInfo.InvariantCulture).Replace('-', '−');

    /// <summary>A share or score with three decimals.</summary>
    public static string Share(double value) => value.ToString("F3", CultureInfo.InvariantCulture);
}
