using System.Diagnostics;
using Alidade.Tests.Core;

namespace Alidade.Tests.Golden;

/// <summary>What <c>eng/golden</c> says before it runs a test.</summary>
public sealed class GoldenCommandTests
{
    public static bool CanRun => GoldenFolder.Repository is not null && OperatingSystem.IsLinux();

    [Theory(SkipUnless = nameof(CanRun), Skip = "needs the repository and bash")]
    [InlineData("unknown option '--foldre'", "--foldre", "x")]
    [InlineData("--folder needs a folder", "--folder")]
    [InlineData("'/no/such/folder' is not a folder", "--folder", "/no/such/folder")]
    [InlineData("'no-such-part/llama' is not below", "--folder", "{0}", "no-such-part/llama")]
    [InlineData("empty text", "")]
    public void A_mistake_is_one_line_and_exit_code_2(string holds, params string[] arguments)
    {
        using var folder = new TemporaryFolder();
        var (code, output, error) = Run(Path.Combine(GoldenFolder.Repository!, "eng", "golden"), [.. arguments.Select(a => a == "{0}" ? folder.Path : a)]);
        Assert.Contains(holds, Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        Assert.Equal(2, code);
        Assert.Empty(output);
    }

    [Fact(SkipUnless = nameof(CanRun), Skip = "needs the repository and bash")]
    public void Without_the_folder_everything_is_skipped_with_the_reason()
    {
        // A copy of the script in a repository that has no shared folder beside it.
        using var clone = new TemporaryFolder();
        Directory.CreateDirectory(clone.File("eng"));
        Directory.CreateDirectory(clone.File("tests"));
        File.WriteAllText(Path.Combine(clone.Path, "tests", "SomeTests.cs"), "[Golden(\"models\")]\n[Golden(\"gguf/types*\")]\n");
        var script = Path.Combine(clone.Path, "eng", "golden");
        File.Copy(Path.Combine(GoldenFolder.Repository!, "eng", "golden"), script);
        var (code, output, _) = Run(script, []);
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(0, code);
        Assert.Contains("the golden folder is absent", lines[^2], StringComparison.Ordinal);
        Assert.Equal("0 passed, 0 failed, 2 skipped", lines[^1]);
    }

    private static (int Code, string Output, string Error) Run(string script, string[] arguments)
    {
        var start = new ProcessStartInfo("bash", [script, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment.Remove("ALIDADE_GOLDEN");
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.Result);
    }
}
