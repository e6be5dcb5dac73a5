using System.Diagnostics;
using System.Globalization;
using Alidade.Models.Tokenizers;
using Alidade.Models.Weights;

namespace Alidade.Benchmarks;

/// <summary>Tokens per second on one core, each tokenizer in a process of its own: at the first use, with a new tokenizer, and with one that knows the words.</summary>
internal static class TokenizerBenchmark
{
    /// <summary>The word that makes a process measure one tokenizer and tell.</summary>
    public const string Child = "tokenize-once";

    private const int Rounds = 5;

    /// <summary>Measures each tokenizer on a text whose lines are encoded one by one.</summary>
    /// <param name="text">A text file.</param>
    /// <param name="tokenizers">tokenizer.json, tokenizer.json.gz or GGUF files.</param>
    public static int Run(string text, IReadOnlyList<string> tokenizers)
    {
        Console.WriteLine($"CPU {Machine.Cpu()}; one core; .NET {Environment.Version}; revision {Machine.Revision()}; {new FileInfo(text).Length / 1e6:f1} MB of text");
        foreach (var path in tokenizers)
        {
            using var child = Process.Start(Environment.ProcessPath!, [Child, text, path]);
            child.WaitForExit();
            if (child.ExitCode != 0)
                return child.ExitCode;
        }

        return 0;
    }

    /// <summary>Measures one tokenizer and prints a line.</summary>
    public static int Once(string text, string path)
    {
        var lines = File.ReadAllLines(text);
        var whole = string.Join('\n', lines);
        var (tokenizer, load) = Timed(() => Load(path));
        var (tokens, seconds) = Timed(() => Encode(tokenizer, lines));
        var (first, cold, warm, one, offsets) = (tokens / seconds, 0.0, 0.0, 0.0, 0.0);
        for (var round = 0; round < Rounds; round++)
        {
            tokenizer = Load(path);
            cold = Math.Max(cold, Rate(() => Encode(tokenizer, lines)));
            warm = Math.Max(warm, Rate(() => Encode(tokenizer, lines)));
            offsets = Math.Max(offsets, Rate(() => lines.Sum(l => tokenizer.EncodeWithOffsets(l, new()).Ids.Count)));
            one = Math.Max(one, Rate(() => Encode(tokenizer, [whole])));
            // The large lists of a long text, though dead, are looked through at every small collection that follows; they are no part of the next round.
            GC.Collect();
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{Name(path),-16} {tokens,8} tokens   read {load,5:f2} s   first {Millions(first)}   cold {Millions(cold)}   warm {Millions(warm)}   as one text {Millions(one)}   with offsets {Millions(offsets)}"));
        return 0;

        static string Millions(double rate) => string.Create(CultureInfo.InvariantCulture, $"{rate / 1e6,5:f2} M/s");
    }

    // Tokens a second; a text as one has the tokens of its line ends too, and offsets come with control tokens.
    private static double Rate(Func<int> tokens)
    {
        var (count, seconds) = Timed(tokens);
        return count / seconds;
    }

    private static int Encode(Tokenizer tokenizer, string[] texts) => texts.Sum(t => tokenizer.Encode(t).Length);

    private static (T Result, double Seconds) Timed<T>(Func<T> run)
    {
        var result = default(T);
        // Time of the processor, of all threads: what else the machine does counts less, and collecting and compiling count too.
        var start = Environment.CpuUsage.TotalTime;
        result = run();
        var seconds = (Environment.CpuUsage.TotalTime - start).TotalSeconds;
        return (result!, seconds);
    }

    private static string Name(string path) => Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(path)))!;

    private static Tokenizer Load(string path)
    {
        if (!path.EndsWith(".gguf", StringComparison.Ordinal))
            return Tokenizer.FromJson(path);
        using var file = GgufFile.Open(path);
        return Tokenizer.FromGguf(file.Metadata, path);
    }
}
