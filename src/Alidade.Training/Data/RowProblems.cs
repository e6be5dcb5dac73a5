using Alidade.Core;

namespace Alidade.Training.Data;

/// <summary>A row that cannot be used for a reason that is counted.</summary>
internal sealed class UnusableRowException(string reason) : Exception(reason);

/// <summary>What all tokenisers of rows do about problems.</summary>
internal static class RowProblems
{
    /// <summary>Says which row an error is about.</summary>
    public static T Naming<T>(string row, Func<T> make)
    {
        try
        {
            return make();
        }
        catch (AlidadeException problem)
        {
            throw new AlidadeException($"row '{row}': {problem.Message}", problem);
        }
    }
}
