using Alidade.Cli.Commands;

namespace Alidade.Tests.Cli;

/// <summary>What a command line printed and how it ended.</summary>
internal sealed record CommandResult(int Code, string Output, string Error)
{
    /// <summary>Lines on the error stream.</summary>
    public IReadOnlyList<string> ErrorLines => Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>A mistake of the user: exit code 2, nothing on the output, one line on the error stream that holds each of the texts.</summary>
    public void IsOneLine(params string[] holds)
    {
        var line = Assert.Single(ErrorLines);
        Assert.Equal(2, Code);
        Assert.Empty(Output);
        Assert.StartsWith("alidade: ", line, StringComparison.Ordinal);
        foreach (var text in holds)
            Assert.Contains(text, line, StringComparison.Ordinal);
    }
}

/// <summary>Runs the command as the program does, in this process.</summary>
internal static class CommandLine
{
    public static CommandResult Run(params string[] arguments)
    {
        var (output, error) = (Console.Out, Console.Error);
        using var ours = new StringWriter { NewLine = "\n" };
        using var errors = new StringWriter { NewLine = "\n" };
        Console.SetOut(ours);
        Console.SetError(errors);
        try
        {
            var code = AlidadeCommand.Run(arguments);
            return new(code, ours.ToString(), errors.ToString());
        }
        finally
        {
            Console.SetOut(output);
            Console.SetError(error);
        }
    }
}
