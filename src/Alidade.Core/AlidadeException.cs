namespace Alidade.Core;

/// <summary>
/// A mistake that the user can mend: a file, an option, a row. The command prints its message as one line and ends with exit code 2.
/// </summary>
/// <remarks>
/// The message says what is wrong (the value), where (file, line, field, layer) and what to do or what is allowed. Values come from files that may hold anything, so
/// the message is kept to one line here: a control character becomes a space, and the middle of what is longer than <see cref="Longest"/> is left out.
/// </remarks>
public class AlidadeException : Exception
{
    /// <summary>The most characters of a message.</summary>
    public const int Longest = 2_000;

    private const int Ending = 400;

    /// <summary>Makes the error from its one-line message.</summary>
    public AlidadeException(string message)
        : base(OneLine(message))
    {
    }

    /// <summary>Makes the error from its one-line message and the failure below it.</summary>
    public AlidadeException(string message, Exception inner)
        : base(OneLine(message), inner)
    {
    }

    /// <summary>A message as this exception keeps it, for errors that are told in another shape.</summary>
    public static string OneLine(string message)
    {
        var shown = message.Length <= Longest ? message : $"{message.AsSpan(0, Longest - Ending - 1)}…{message.AsSpan(message.Length - Ending)}";
        return shown.Any(IsBreak) ? string.Concat(shown.ReplaceLineEndings(" ").Select(c => IsBreak(c) ? ' ' : c)) : shown;
    }

    // Terminals and logs break lines at the last two as well.
    private static bool IsBreak(char c) => char.IsControl(c) || c is '\u2028' or '\u2029';
}

/// <summary>What a case needs and Alidade does not have yet: an architecture, a number format, a tokenizer feature. Exit code 2 like any other mistake.</summary>
public sealed class NotBuiltException : AlidadeException
{
    /// <summary>Makes the error from its one-line message, which names the missing piece and what there is instead.</summary>
    public NotBuiltException(string message)
        : base(message)
    {
    }
}
