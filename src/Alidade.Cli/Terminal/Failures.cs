using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Alidade.Core;
using Alidade.Models.Native;

namespace Alidade.Cli.Terminal;

/// <summary>Exit codes and the one line that a person reads when something went wrong.</summary>
internal static class Failures
{
    /// <summary>A mistake that the user can mend.</summary>
    public const int UserMistake = 2;

    /// <summary>A requirement on the result is not met.</summary>
    public const int GateClosed = 3;

    /// <summary>Stopped by Ctrl-C or a signal.</summary>
    public const int Stopped = 130;

    /// <summary>Runs a command; a mistake of the user gives one line and exit code 2.</summary>
    public static int Guard(Func<int> command)
    {
        try
        {
            return command();
        }
        catch (AlidadeException exception)
        {
            return Say(exception.Message, UserMistake);
        }
        catch (OperationCanceledException exception)
        {
            return Say(exception.Message, Stopped);
        }
        catch (IOException exception)
        {
            return Say(exception.Message, UserMistake);
        }
        catch (UnauthorizedAccessException exception)
        {
            return Say(exception.Message, UserMistake);
        }
        catch (ExternalException exception)
        {
            return Say(Described(exception), UserMistake);
        }
        catch (OutOfMemoryException)
        {
            return Say("not enough memory; use a smaller model, a smaller batch or a shorter maximum length", UserMistake);
        }
    }

    /// <summary>Says which requirements are not met, a line each.</summary>
    /// <returns>The exit code: that of a closed gate when there is one.</returns>
    public static int Gate(IReadOnlyCollection<string> failures)
    {
        foreach (var failure in failures)
            Say("gate: " + failure, GateClosed);
        return failures.Count > 0 ? GateClosed : 0;
    }

    /// <summary>Prints one line to the error stream.</summary>
    public static int Say(string message, int code)
    {
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"alidade: {message.ReplaceLineEndings(" ")}"));
        return code;
    }

    // Apart, so that a command which needs no tensors does not load their library for the sake of this handler.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static string Described(ExternalException exception) => NativeErrors.Describe("tensor work", exception).Message;
}
