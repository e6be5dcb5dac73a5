using Alidade.Core;

namespace Alidade.Training.Objectives.Reinforcement;

/// <summary>Checks of options: the value, or an error that says what is allowed.</summary>
internal static class Allowed
{
    public static double AtLeastZero(double value, string what) =>
        value >= 0 && double.IsFinite(value) ? value : throw new AlidadeException($"{what} is {value}; it must be a number of at least 0");

    public static double AboveZero(double value, string what) =>
        value > 0 && double.IsFinite(value) ? value : throw new AlidadeException($"{what} is {value}; it must be a number above 0");

    public static double AboveOne(double value, string what) =>
        value > 1 && double.IsFinite(value) ? value : throw new AlidadeException($"{what} is {value}; it must be a number above 1");

    public static double UnitInterval(double value, string what) =>
        value is >= 0 and <= 1 ? value : throw new AlidadeException($"{what} is {value}; it must be from 0 to 1");

    public static double Finite(double value, string what) =>
        double.IsFinite(value) ? value : throw new AlidadeException($"{what} is {value}; it must be a number");

    public static int AtLeastOne(int value, string what) =>
        value >= 1 ? value : throw new AlidadeException($"{what} is {value}; it must be at least 1");
}
