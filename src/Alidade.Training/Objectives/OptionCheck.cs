using System.Runtime.CompilerServices;
using Alidade.Core;

namespace Alidade.Training.Objectives;

/// <summary>Checks of options where they are set: the value comes back, or an error names the objective, the option, the value and what is allowed.</summary>
internal static class OptionCheck
{
    /// <summary>A finite number above 0.</summary>
    public static double Positive(string objective, double value, [CallerMemberName] string option = "") =>
        Allowed(value > 0 && double.IsFinite(value), objective, option, value, "a number above 0");

    /// <summary>A finite number, 0 or above.</summary>
    public static double NotNegative(string objective, double value, [CallerMemberName] string option = "") =>
        Allowed(value >= 0 && double.IsFinite(value), objective, option, value, "0 or a number above it");

    /// <summary>A finite number.</summary>
    public static double Finite(string objective, double value, [CallerMemberName] string option = "") =>
        Allowed(double.IsFinite(value), objective, option, value, "a finite number");

    /// <summary>A share of labels: at least 0 and below ½.</summary>
    public static double Smoothing(string objective, double value, [CallerMemberName] string option = "") =>
        Allowed(value is >= 0 and < 0.5, objective, option, value, "at least 0 and below 0.5");

    /// <summary>A share: from 0 to 1.</summary>
    public static double Share(string objective, double value, [CallerMemberName] string option = "") =>
        Allowed(value is >= 0 and <= 1, objective, option, value, "from 0 to 1");

    /// <summary>A count of at least 1.</summary>
    public static int Count(string objective, int value, [CallerMemberName] string option = "") =>
        value >= 1 ? value : throw Wrong(objective, option, value, "1 or more");

    /// <summary>The value when <paramref name="allowed"/>.</summary>
    public static double Allowed(bool allowed, string objective, string option, double value, string rule) =>
        allowed ? value : throw Wrong(objective, option, value, rule);

    private static AlidadeException Wrong(string objective, string option, double value, string rule) =>
        new(FormattableString.Invariant($"{objective}: {option} is {value}; it must be {rule}"));
}
