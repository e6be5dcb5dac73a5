using System.Text.Json;
using Alidade.Training.Objectives;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Golden.Training;

/// <summary>One case of an objective's file in one number type: options, and inputs as tensors that collect gradients.</summary>
internal sealed class ObjectiveCase(JsonElement source, ScalarType type)
{
    private readonly Dictionary<string, Tensor> inputs = new(StringComparer.Ordinal);

    public string Name => source.GetProperty("name").GetString()!;

    public bool Has(string option) => Options.TryGetProperty(option, out var value) && value.ValueKind != JsonValueKind.Null;

    public double Number(string option) => Options.GetProperty(option).GetDouble();

    public double Number(string option, double otherwise) => Has(option) ? Number(option) : otherwise;

    public double[] Numbers(string option) => [.. Options.GetProperty(option).EnumerateArray().Select(v => v.GetDouble())];

    public string[] Texts(string option) => [.. Options.GetProperty(option).EnumerateArray().Select(v => v.GetString()!)];

    public string Text(string option, string otherwise) => Has(option) ? Options.GetProperty(option).GetString()! : otherwise;

    public bool Flag(string option) => Has(option) && Options.GetProperty(option).GetBoolean();

    /// <summary>A whole number among the inputs.</summary>
    public int Count(string name) => source.GetProperty("inputs").GetProperty(name).GetInt32();

    public bool HasInput(string name) => source.GetProperty("inputs").TryGetProperty(name, out _);

    /// <summary>A real input in the case's number type; the same tensor at every call.</summary>
    public Tensor Real(string name)
    {
        if (!inputs.TryGetValue(name, out var value))
            inputs.Add(name, value = Read(name).to(type).requires_grad_(true));
        return value;
    }

    /// <summary>A mask, label or index.</summary>
    public Tensor Whole(string name) => Read(name).to(ScalarType.Int64);

    /// <summary>0 and 1 as false and true.</summary>
    public bool[] Flags(string name) => [.. Whole(name).data<long>().ToArray().Select(v => v != 0)];

    /// <summary>Rows of numbers that no gradient is asked of.</summary>
    public double[][] Rows(string name) => [.. source.GetProperty("inputs").GetProperty(name).EnumerateArray().Select(r => r.EnumerateArray().Select(v => v.GetDouble()).ToArray())];

    /// <summary>Tokens summed over a mask; sums as they are where there is no mask of that name.</summary>
    public Tensor Sum(string values, string mask) => HasInput(mask) ? where(Whole(mask).ne(0), Real(values), zeros_like(Real(values))).sum(-1) : Real(values);

    /// <summary>The real numbers of an input, flat, without gradients.</summary>
    public double[] Values(string name) => GoldenArray.Read(Input(name)).Values;

    /// <summary>The whole numbers of an input, flat.</summary>
    public int[] Ints(string name) => [.. Values(name).Select(v => (int)v)];

    /// <summary>An input as it stands in the file.</summary>
    public JsonElement Input(string name) => source.GetProperty("inputs").GetProperty(name);

    /// <summary>An option as it stands in the file.</summary>
    public JsonElement Option(string name) => Options.GetProperty(name);

    /// <summary>A number in float64, for outputs of functions of plain numbers.</summary>
    public static Tensor Plain(params double[] values) => tensor(values);

    /// <summary>
    /// Policy and reference log-probabilities of pairs: sums with lengths, or tokens with masks. A reference that the case lacks is 0; sums without lengths are of one token.
    /// </summary>
    public PairLogProbs Pairs()
    {
        Tensor pc = Real("policy_chosen_logps"), pr = Real("policy_rejected_logps");
        Tensor rc = HasInput("reference_chosen_logps") ? Real("reference_chosen_logps") : zeros_like(pc), rr = HasInput("reference_rejected_logps") ? Real("reference_rejected_logps") : zeros_like(pr);
        var pairs = HasInput("chosen_mask")
            ? PairLogProbs.OfTokens(pc, pr, rc, rr, Whole("chosen_mask"), Whole("rejected_mask"))
            : new PairLogProbs(pc, pr, rc, rr, Lengths("chosen_lengths", pc), Lengths("rejected_lengths", pr));
        return Flag("reference_free") ? pairs.WithoutReference() : pairs;
    }

    /// <summary>Log-probabilities of the scored tokens of the logits; without a mask all are scored.</summary>
    public TokenLogProbs Tokens() => TokenLogProbs.OfLogits(Real("logits"), Whole("labels"), Mask());

    /// <summary>Logits of the scored tokens.</summary>
    public TokenLogits Logits() => TokenLogits.Of(Real("logits"), Whole("labels"), Whole("mask"));

    /// <summary>An accumulation window with a given number of scored tokens; null when the file says nothing of one.</summary>
    public IReadOnlyList<RowShare>? Window() => Has("normaliser") ? [new((int)Number("normaliser"))] : null;

    private Tensor Mask() => HasInput("mask") ? Whole("mask") : ones_like(Whole("labels"));

    private JsonElement Options => source.GetProperty("options");

    private int[] Lengths(string name, Tensor sums) => HasInput(name)
        ? [.. source.GetProperty("inputs").GetProperty(name).EnumerateArray().Select(v => v.GetInt32())]
        : [.. Enumerable.Repeat(1, (int)sums.numel())];

    private Tensor Read(string name)
    {
        var (shape, values) = GoldenArray.Read(source.GetProperty("inputs").GetProperty(name));
        return tensor(values, shape);
    }
}

/// <summary>Nested arrays of numbers; null is NaN, true and false are 1 and 0.</summary>
internal static class GoldenArray
{
    public static (long[] Shape, double[] Values) Read(JsonElement array)
    {
        var shape = new List<long>();
        for (var level = array; level.ValueKind == JsonValueKind.Array; level = level[0])
        {
            shape.Add(level.GetArrayLength());
            if (level.GetArrayLength() == 0)
                break;
        }

        var values = new List<double>();
        Collect(array, values);
        return ([.. shape], [.. values]);
    }

    private static void Collect(JsonElement element, List<double> values)
    {
        if (element.ValueKind == JsonValueKind.Array)
            foreach (var item in element.EnumerateArray())
                Collect(item, values);
        else
            values.Add(element.ValueKind switch { JsonValueKind.Null => double.NaN, JsonValueKind.True => 1, JsonValueKind.False => 0, _ => element.GetDouble() });
    }
}
