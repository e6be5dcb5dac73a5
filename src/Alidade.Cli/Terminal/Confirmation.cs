using Alidade.Core;

namespace Alidade.Cli.Terminal;

/// <summary>Asks before something is done that the user may not want.</summary>
internal static class Confirmation
{
    /// <summary>Asks a person at the terminal, on the error stream.</summary>
    /// <exception cref="AlidadeException">The answer is no, or there is nobody to ask.</exception>
    public static void Require(string question) => Require(question, Console.IsInputRedirected ? null : Console.In);

    internal static void Require(string question, TextReader? terminal)
    {
        if (terminal is null)
            throw new AlidadeException($"'{question}' can be asked at a terminal only; say --yes to agree in a script");
        Console.Error.Write($"{question} [y/N] ");
        if (terminal.ReadLine()?.Trim().ToLowerInvariant() is not ("y" or "yes"))
            throw new AlidadeException("nothing was done, since the answer was not yes");
    }
}
