using Alidade.Core;
using Alidade.Core.Runs;

namespace Alidade.Cli.Runs;

/// <summary>How a command's run ends: done, stopped by the user, or failed in one line. What is done is kept, and the line says how to go on.</summary>
internal static class RunEnd
{
    /// <summary>Does the work of a run and says in <c>run.json</c> how it ended.</summary>
    /// <param name="run">The run.</param>
    /// <param name="work">What is to do.</param>
    /// <exception cref="OperationCanceledException">The user stopped it.</exception>
    /// <exception cref="AlidadeException">It failed.</exception>
    public static T Of<T>(RunFolder run, Func<T> work)
    {
        try
        {
            var result = work();
            run.Finish();
            return result;
        }
        catch (OperationCanceledException)
        {
            Say(run.Stop);
            throw new OperationCanceledException($"stopped; go on with '{Resume(run)}'");
        }
        catch (Exception exception) when (exception is AlidadeException or IOException or UnauthorizedAccessException)
        {
            Say(() => run.Fail(exception.Message));
            throw new AlidadeException($"{exception.Message}; what is done is kept, go on with '{Resume(run)}'", exception);
        }
    }

    private static string Resume(RunFolder run) => $"alidade {run.Record.Command} --resume {run.Folder}";

    // On a full disk the end cannot be written either; what was wrong first is what the user must read.
    private static void Say(Action end)
    {
        try
        {
            end();
        }
        catch (AlidadeException)
        {
        }
    }
}
