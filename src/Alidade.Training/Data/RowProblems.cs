using Alidade.Core;

namespace Alidade.Training.Data;

/// <summary>A row that cannot be used for a reason that is counted.</summary>
internal sealed class UnusableRowException(string reason) : Exception(reason);

/// <summary>What all who read rows do about problems.</summary>
internal static class RowProblems
{
    /// <summary>Says which row an error is about.</summary>
    public static T Naming<T>(string row, Func<T> make) => At($"row '{row}'", make);

    /// <summary>Says which file an error is about: who makes tokens of rows, or judges them, knows a row, and not where it came from.</summary>
    public static T InFile<T>(string file, Func<T> make) => At(file, make);

    private static T At<T>(string place, Func<T> make)
    {
        try
        {
            return make();
        }
        catch (AlidadeException problem)
        {
            throw new AlidadeException($"{place}: {problem.Message}", problem);
        }
    }
}
