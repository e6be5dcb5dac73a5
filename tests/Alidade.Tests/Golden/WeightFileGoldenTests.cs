using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Alidade.Core;
using Alidade.Models.Weights;
using Alidade.Tests.Models.Weights;

namespace Alidade.Tests.Golden;

/// <summary>golden/gguf: block types bit for bit, malformed and randomly damaged files. The whole models there belong to the engine's tests.</summary>
[Golden("gguf/types*")]
[Golden("gguf/expected.safetensors")]
[Golden("gguf/malformed*")]
[Golden("gguf/fuzz*")]
public sealed class WeightFileGoldenTests : IDisposable
{
    /// <summary>"Without … allocating more than a few MB" (README), and without a hang.</summary>
    private const long MostBytes = 8 << 20;
    private const double MostSeconds = 10;

    /// <summary>What a malformed file says it is; the faults lie in its other metadata.</summary>
    private static readonly string[] Architectures = ["llama"];

    private readonly string folder = Directory.CreateTempSubdirectory("alidade").FullName;

    public static IEnumerable<TheoryDataRow<string>> Types() => GoldenFolder.Rows(() =>
        Cases("gguf/types.json", "types").Select(type => "gguf/types/" + type.GetProperty("type").GetString()));

    public static IEnumerable<TheoryDataRow<string>> Malformed() => GoldenFolder.Rows(() =>
        Cases("gguf/malformed.json", "cases").Select(@case => "gguf/malformed/" + @case.GetProperty("file").GetString()));

    public static IEnumerable<TheoryDataRow<string>> Fuzz() => GoldenFolder.Rows(() =>
        Enumerable.Range(1, FuzzLines().Length).Select(line => string.Create(CultureInfo.InvariantCulture, $"gguf/fuzz/{line}")));

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Types))]
    [Trait("Kind", "Golden")]
    public void A_block_type_is_decoded_bit_for_bit(string path) => GoldenCase.Run("gguf/types", path, golden =>
    {
        var type = Cases("gguf/types.json", "types").Single(t => path == "gguf/types/" + t.GetProperty("type").GetString());
        var expected = GoldenTensors.Read(GoldenFolder.PathOf("gguf/expected.safetensors"));
        using var file = GgufFile.Open(GoldenFolder.PathOf("gguf/" + type.GetProperty("file").GetString()));
        foreach (var tensor in type.GetProperty("tensors").EnumerateArray())
        {
            var name = tensor.GetProperty("name").GetString()!;
            var entry = file.Tensors[name];
            golden.Equal($"{name}: format", type.GetProperty("type").GetString(), entry.Format);
            Assert.Equal(tensor.GetProperty("shape").EnumerateArray().Select(n => n.GetInt64()), entry.Shape);
            var values = new float[entry.Count];
            file.ReadFloat32(name, values);
            var reference = MemoryMarshal.Cast<float, uint>(expected[tensor.GetProperty("expected").GetString()!].Floats!);
            golden.Equal($"{name}: values", reference.Length, values.Length);
            var bits = MemoryMarshal.Cast<float, uint>(values);
            var different = 0;
            for (var i = 0; i < bits.Length; i++)
                different += bits[i] == reference[i] ? 0 : 1;
            golden.Within($"{name}: values whose bits differ", different, 0);
        }
    });

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Malformed))]
    [Trait("Kind", "Golden")]
    public void A_malformed_file_is_refused_and_a_good_one_is_read(string path) => GoldenCase.Run("gguf/malformed", path, golden =>
    {
        var malformed = Cases("gguf/malformed.json", "cases").Single(c => path == "gguf/malformed/" + c.GetProperty("file").GetString());
        var expect = malformed.GetProperty("expect").GetString()!;
        var refusal = Refusal(GoldenFolder.PathOf(path));
        switch (expect)
        {
            case "ok":
                Assert.Null(refusal);
                break;
            case "error":
                Assert.NotNull(refusal);
                break;
            case "unsupported":
                Assert.IsType<NotBuiltException>(refusal);
                break;
            case "error_when_loaded_as_model":
                Assert.Null(refusal);
                using (var file = GgufFile.Open(GoldenFolder.PathOf(path)))
                    OneLine(Assert.ThrowsAny<AlidadeException>(() => GgufModelMetadata.Read(file, Architectures)));
                break;
            default:
                Assert.StartsWith("error_or_", expect, StringComparison.Ordinal);
                break;
        }

        golden.Within("refused or read", 0, 0);
    });

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Fuzz))]
    [Trait("Kind", "Golden")]
    public void A_damaged_file_neither_crashes_nor_costs_memory(string path) => GoldenCase.Run("gguf/fuzz", path, golden =>
    {
        using var line = JsonDocument.Parse(FuzzLines()[int.Parse(path.Split('/')[^1], CultureInfo.InvariantCulture) - 1]);
        var damaged = Path.Combine(folder, "damaged." + line.RootElement.GetProperty("kind").GetString());
        File.WriteAllBytes(damaged, line.RootElement.GetProperty("base64").GetBytesFromBase64());
        Refusal(damaged);
        golden.Within("refused or read", 0, 0);
    });

    /// <summary>Opens the file and reads all its tensors, within the limits; null when it was read, else the refusal, in one line.</summary>
    private static AlidadeException? Refusal(string path)
    {
        var clock = Stopwatch.StartNew();
        var before = GC.GetAllocatedBytesForCurrentThread();
        AlidadeException? refusal = null;
        try
        {
            if (path.EndsWith(".gguf", StringComparison.Ordinal))
                Damage.ReadAll(path, GgufFile.Open);
            else
                Damage.ReadAll(path, SafetensorsFile.Open);
        }
        catch (AlidadeException exception)
        {
            OneLine(exception);
            refusal = exception;
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MostBytes);
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, MostSeconds);
        return refusal;
    }

    private static void OneLine(AlidadeException exception)
    {
        Assert.False(exception.Message.AsSpan().ContainsAny('\n', '\r'), exception.Message);
        Assert.InRange(exception.Message.Length, 1, 1000);
    }

    private static IReadOnlyList<JsonElement> Cases(string file, string list)
    {
        if (!File.Exists(GoldenFolder.PathOf(file)))
            return [];
        using var json = JsonDocument.Parse(File.ReadAllText(GoldenFolder.PathOf(file)));
        return [.. json.RootElement.GetProperty(list).EnumerateArray().Select(element => element.Clone())];
    }

    private static string[] FuzzLines() =>
        File.Exists(GoldenFolder.PathOf("gguf/fuzz.jsonl")) ? [.. File.ReadLines(GoldenFolder.PathOf("gguf/fuzz.jsonl")).Where(line => line.Length > 0)] : [];
}
