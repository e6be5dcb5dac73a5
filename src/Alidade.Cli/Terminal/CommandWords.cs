namespace Alidade.Cli.Terminal;

/// <summary>The command line of this process, as a person would type it again.</summary>
internal static class CommandWords
{
    public static string Line() => "alidade " + string.Join(' ', Environment.GetCommandLineArgs().Skip(1).Select(Quoted));

    private static string Quoted(string argument) => argument.Length > 0 && argument.All(c => char.IsAsciiLetterOrDigit(c) || "-_./:=,+@".Contains(c, StringComparison.Ordinal))
        ? argument
        : $"'{argument.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
