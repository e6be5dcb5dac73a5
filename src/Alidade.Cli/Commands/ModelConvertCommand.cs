using System.CommandLine;
using System.Globalization;
using Alidade.Cli.Terminal;
using Alidade.Models;
using Alidade.Models.Weights;

namespace Alidade.Cli.Commands;

/// <summary><c>alidade model convert</c>: a model as another kind of file, or in another number format.</summary>
internal static class ModelConvertCommand
{
    public static Command Make()
    {
        var source = new Argument<string>("source") { Description = "A Hugging Face folder, a .gguf file, or ORG/NAME of a pulled model" };
        var target = new Argument<string>("target") { Description = "The folder or the .gguf file to write" };
        var to = new Option<string?>("--to") { Description = "gguf or safetensors; what the target's name says when left out" };
        var dtype = new Option<string?>("--dtype") { Description = "F32, F16, BF16; for gguf also Q8_0, Q5_0, Q5_1, Q4_0, Q4_1. The source's where it can be kept, when left out" };
        var shard = new Option<double>("--shard-size") { Description = "Most gigabytes of weights in one safetensors file", DefaultValueFactory = _ => SafetensorsShards.DefaultBytes / 1e9 };
        var overwrite = new Option<bool>("--overwrite") { Description = "Replace the target where it exists" };
        var json = new Option<bool>("--json") { Description = "Print the result as JSON" };
        var convert = new Command("convert", "Write a model as GGUF or safetensors, in another number format, or in shards") { source, target, to, dtype, shard, overwrite, json };
        convert.SetAction(parsed =>
        {
            var gigabytes = parsed.GetValue(shard);
            if (!(gigabytes is > 0 and < 1e6))
                throw new Core.AlidadeException(string.Create(CultureInfo.InvariantCulture, $"--shard-size is {gigabytes}; it is a number of gigabytes above 0"));
            var converted = ModelConversion.Convert(new()
            {
                Source = parsed.GetValue(source)!,
                Target = parsed.GetValue(target)!,
                To = parsed.GetValue(to),
                DType = parsed.GetValue(dtype),
                ShardBytes = Math.Max(1, (long)(gigabytes * 1e9)),
                Overwrite = parsed.GetValue(overwrite),
            });
            Output.Print(converted, parsed.GetValue(json), c => string.Create(CultureInfo.InvariantCulture,
                $"{c.Target}: {c.To}, {c.Bytes / 1e6:n1} MB, tensors {string.Join(", ", c.Tensors.Select(t => $"{t.Value} {t.Key}"))}, in {c.Seconds:f1} s"));
            return 0;
        });
        return convert;
    }
}
