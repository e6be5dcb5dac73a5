using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Alidade.Benchmarks;
using Alidade.Models.Native;

if (args is [LoadBenchmark.Child, var one])
    return LoadBenchmark.Once(one);
if (args is ["load", .. var models])
    return LoadBenchmark.Run(models, rounds: 3);
if (args is [TokenizerBenchmark.Child, var words, var tokenizer])
    return TokenizerBenchmark.Once(words, tokenizer);
if (args is ["tokenizers", var text, _, ..])
    return TokenizerBenchmark.Run(text, args[2..]);
if (args is ["adapter", var adapted, var adapter, var peft])
    return AdapterCheck.Run(adapted, adapter, peft);
if (args is ["start", var started])
    return StartBenchmark.Run(started, rounds: 5);
var (only, rounds, threads, file, data) = ("", 5, Environment.ProcessorCount, "", "");
var known = new Dictionary<string, Func<IBenchmark>>(StringComparer.Ordinal)
{
    ["train"] = () => new TrainBenchmark(),
    ["dpo"] = () => new DpoBenchmark(),
    ["grpo"] = () => new PolicyBenchmark(),
    ["generate"] = () => new GenerationBenchmark(),
    ["quantized"] = () => new QuantizedBenchmark(file, threads),
    ["evaluate"] = () => new EvaluateBenchmark(file, data),
};
foreach (var (name, make) in TrainerSteps.All)
    known.Add(name, make);
for (var i = 0; i < args.Length; i += 2)
{
    var value = i + 1 < args.Length ? args[i + 1] : "";
    var number = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var parsed) ? parsed : 0;
    switch (args[i])
    {
        case "--only" when known.ContainsKey(value):
            only = value;
            break;
        case "--model" when File.Exists(value):
            file = value;
            break;
        case "--data" when Directory.Exists(value):
            data = value;
            break;
        case "--rounds" when number is >= 1 and <= 1000:
            rounds = number;
            break;
        case "--threads" when number is >= 1 and <= 1024:
            threads = number;
            break;
        default:
            Console.Error.WriteLine($"'{args[i]} {value}' is not understood; there are --only {string.Join('|', known.Keys)}, --model FILE (a .gguf file, for quantized and evaluate), --data FOLDER (published data, for evaluate), --rounds N (default 5), --threads N (default all)");
            return 2;
    }
}

Threads.Use(threads);
Console.WriteLine($"CPU {Machine.Cpu()}; {threads} of {Environment.ProcessorCount} threads; {RuntimeInformation.OSDescription}; .NET {Environment.Version}; revision {Machine.Revision()}; {rounds} rounds");
foreach (var (name, make) in known.Where(k => only.Length == 0 || k.Key == only))
{
    if ((name == "quantized" && file.Length == 0) || (name == "evaluate" && (file.Length == 0 || data.Length == 0)))
    {
        Console.WriteLine($"{name} is left out: name a file with --model{(name == "evaluate" ? " and a folder with --data" : "")}");
        continue;
    }

    Console.WriteLine(name);
    using var benchmark = make();
    Interleaved.Run(benchmark, rounds, Console.Out);
}

using var process = Process.GetCurrentProcess();
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"peak memory {process.PeakWorkingSet64 / 1e9:F2} GB"));
return 0;
