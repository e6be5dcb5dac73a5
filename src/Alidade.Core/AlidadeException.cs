namespace Alidade.Core;

/// <summary>
/// A mistake that the user can mend: a file, an option, a row. The command prints its message as one line and ends with exit code 2.
/// </summary>
/// <remarks>The message says what is wrong (the value), where (file, line, field, layer) and what to do or what is allowed.</remarks>
public class AlidadeException : Exception
{
    /// <summary>Makes the error from its one-line message.</summary>
    public AlidadeException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the error from its one-line message and the failure below it.</summary>
    public AlidadeException(string message, Exception inner)
        : base(message, inner)
    {
    }
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
