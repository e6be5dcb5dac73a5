using Alidade.Core;
using Alidade.Models.Architecture;
using Alidade.Models.Chat;
using Alidade.Models.Families;
using Alidade.Models.Native;
using Alidade.Models.Quantized;
using Alidade.Models.Tokenizers;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models;

/// <summary>Loads models from Hugging Face folders and GGUF files, one tensor at a time, after all were checked against the configuration.</summary>
internal static class ModelLoader
{
    public static CausalLM Load(string path, LoadOptions options)
    {
        var target = NamedDevice.Of(options.Device);
        if (options.Weights == WeightStorage.AsStored && (options.DType != ScalarType.Float32 || target.type != DeviceType.CPU))
            throw new AlidadeException($"weights as stored are multiplied on the CPU in float32, not on '{options.Device}' in {options.DType}; load them decoded");
        using var files = ModelFiles.Open(path);
        // The vocabulary is built while the tensor library and the weights are loaded.
        var vocabulary = Task.Run(files.Tokenizer);
        var (parameters, packed) = Read(files, options);
        try
        {
            var tokenizer = vocabulary.GetAwaiter().GetResult();
            var template = ChatTemplate.Of(tokenizer.Found, files.Path);
            return new(files.Family, files.Config, parameters, tokenizer, template, files.Path, packed);
        }
        catch
        {
            Dispose(parameters, packed);
            throw;
        }
    }

    public static CausalLM Create(DecoderConfig config, Tokenizer? tokenizer, ChatTemplate? chatTemplate, ulong seed, ScalarType type = ScalarType.Float32)
    {
        var family = ModelFamily.OfModelType(config.Family, "new model");
        using var noGrad = no_grad();
        using var generator = new Generator(seed, CPU);
        var residual = new[] { family.Names.Block.Output, family.Names.Block.Down }.Select(n => n[(n.LastIndexOf("}.", StringComparison.Ordinal) + 1)..]).ToArray();
        var parameters = new OrderedDictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (var (name, _, shape, role) in DecoderAssembly.Expected(family, config))
        {
            using var scope = NewDisposeScope();
            var value = role == TensorRole.Gain ? ones(shape) - config.NormGainOffset
                : shape.Length == 1 ? zeros(shape)
                : randn(shape, generator: generator) * (residual.Any(r => name.EndsWith(r + ".weight", StringComparison.Ordinal)) ? 0.02 / Math.Sqrt(2 * config.Layers) : 0.02);
            parameters.Add(name, value.to(type).DetachFromDisposeScope());
        }

        return new(family, config, parameters, tokenizer is null ? OptionalTokenizer.None("new model") : new(tokenizer, null), chatTemplate, "new model");
    }

    // The tensors, and the matrices that stay as they are stored.
    private static (OrderedDictionary<string, Tensor> Tensors, OrderedDictionary<string, PackedMatrix> Packed) Read(ModelFiles files, LoadOptions options)
    {
        using var noGrad = no_grad();
        var parameters = new OrderedDictionary<string, Tensor>(StringComparer.Ordinal);
        var packed = new OrderedDictionary<string, PackedMatrix>(StringComparer.Ordinal);
        try
        {
            foreach (var wanted in files.Tensors)
            {
                if (options.Weights == WeightStorage.AsStored && wanted.Layout.Pack(files.Weights, wanted.InFile) is { } matrix)
                    packed.Add(wanted.Name, matrix);
                else
                    parameters.Add(wanted.Name, wanted.Layout.Read(files.Weights, wanted.InFile, wanted.Shape, options.DType, NamedDevice.Of(options.Device)));
            }

            return (parameters, packed);
        }
        catch
        {
            Dispose(parameters, packed);
            throw;
        }
    }

    private static void Dispose(OrderedDictionary<string, Tensor> parameters, OrderedDictionary<string, PackedMatrix> packed)
    {
        foreach (var weight in parameters.Values.Concat<IDisposable>(packed.Values))
            weight.Dispose();
    }
}
