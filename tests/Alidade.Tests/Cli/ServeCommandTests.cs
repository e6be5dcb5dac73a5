using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Alidade.Tests.Models.Native;

namespace Alidade.Tests.Cli;

public sealed partial class ServeCommandTests
{
    private const int Terminate = 15;

    public static bool HasSignals => !OperatingSystem.IsWindows();

    [Fact]
    public void A_port_in_use_is_one_line()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        // Before the model, which may take minutes, is looked for.
        CommandLine.Run("serve", "--model", "no/such/folder", "--port", FormattableString.Invariant($"{port}")).IsOneLine($"port {port}", "in use");
    }

    [Theory]
    [InlineData("--port", "70000", "70000")]
    [InlineData("--host", "nowhere", "'nowhere'")]
    [InlineData("--max-batch", "0", "most rows is 0")]
    [InlineData("--api-key-env", "ALIDADE_TEST_NO_SUCH_VARIABLE", "ALIDADE_TEST_NO_SUCH_VARIABLE")]
    public void An_option_that_cannot_be_used_is_one_line(string option, string value, string says) =>
        CommandLine.Run("serve", "--model", "no/such/folder", option, value).IsOneLine(says);

    // In a process of its own, for the signal ends it.
    [Fact(SkipUnless = nameof(HasSignals), Skip = "needs signals")]
    public async Task The_embedded_model_is_served_until_a_signal_and_the_exit_code_is_0()
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment[NativeChild.Variable] = "serve";
        using var process = Process.Start(start)!;
        using var limit = new Timer(_ => process.Kill(), null, TimeSpan.FromSeconds(60), Timeout.InfiniteTimeSpan);
        var first = await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        Assert.StartsWith("serving EmbeddedModel at http://127.0.0.1:", first, StringComparison.Ordinal);
        var log = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        using var http = new HttpClient { BaseAddress = new(first!.Split(' ')[3] + "/") };
        using var content = new StringContent("""{"messages": [{"role": "user", "content": "What is the trade of Pelriva?"}], "max_tokens": 8}""", Encoding.UTF8, "application/json");
        using (var answer = await http.PostAsync("chat/completions", content, TestContext.Current.CancellationToken))
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(0, Kill(process.Id, Terminate));
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, process.ExitCode);
        var lines = await log;
        Assert.Contains("POST /v1/chat/completions 200", lines, StringComparison.Ordinal);
        Assert.DoesNotContain("Pelriva", lines, StringComparison.Ordinal);
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
