using System.Diagnostics;
using Alidade.Tests.Models.Native;

namespace Alidade.Tests.Cli;

public sealed class AlidadeCommandTests
{
    [Theory]
    [InlineData("--help")]
    [InlineData]
    public void Help_lists_every_command(params string[] arguments)
    {
        var result = CommandLine.Run(arguments);
        Assert.Equal(0, result.Code);
        Assert.Empty(result.Error);
        foreach (var command in (string[])["align", "report", "chat", "generate", "next", "embed", "classify", "model", "data", "organism", "serve"])
            Assert.Contains(command, result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("algin", "alidade does not know 'algin'", "did you mean 'align'?")]
    [InlineData("next --promt hello", "alidade next", "'--promt'", "did you mean '--prompt'?")]
    [InlineData("next", "--prompt")]
    [InlineData("next --prompt a --top many", "many")]
    [InlineData("model", "alidade model --help")]
    public void A_command_line_that_cannot_be_understood_is_one_line(string line, params string[] holds) =>
        CommandLine.Run(line.Split(' ')).IsOneLine(holds);

    [Theory]
    [InlineData("--max-new-tokens", "0")]
    [InlineData("--temperature", "-1")]
    [InlineData("--top-p", "2")]
    [InlineData("--min-p", "2")]
    [InlineData("--typical-p", "0")]
    [InlineData("--repetition-penalty", "0")]
    [InlineData("--no-repeat-ngram", "-1")]
    [InlineData("--samples", "0")]
    [InlineData("--beams", "0")]
    [InlineData("--json-schema", "no/such/file.json")]
    [InlineData("--threads", "0")]
    public void An_option_out_of_range_is_one_line_with_its_value(string option, string value) =>
        CommandLine.Run("generate", "--prompt", "hello", option, value).IsOneLine(value);

    // In a process of its own, since this one has loaded the tensor library long ago.
    [Theory]
    [InlineData("help", "align")]
    [InlineData("info", "parameters")]
    [InlineData("encoder info", "LABEL_2")]
    public void Help_and_a_look_at_headers_load_no_tensor_library(string what, string says)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        start.Environment[NativeChild.Variable] = what;
        using var process = Process.Start(start)!;
        using var limit = new Timer(_ => process.Kill(), null, TimeSpan.FromSeconds(30), Timeout.InfiniteTimeSpan);
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        Assert.Contains(says, output, StringComparison.Ordinal);
        var files = output.Split('\n').Where(l => l.StartsWith("mapped ", StringComparison.Ordinal)).Select(Path.GetFileName).ToArray();
        Assert.Contains("alidade.dll", files);
        Assert.DoesNotContain(files, f => f!.Contains("torch", StringComparison.OrdinalIgnoreCase));
    }
}
