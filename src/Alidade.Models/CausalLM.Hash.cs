using System.Security.Cryptography;
using System.Text;
using static TorchSharp.torch;

namespace Alidade.Models;

/// <content>What the weights are, in one line.</content>
public sealed partial class CausalLM
{
    /// <summary>SHA-256 over names and bytes of every weight of the base as it is held, stored codes too; an adapter does not change it. It reads all weights: seconds for a large model.</summary>
    public string WeightsHash()
    {
        using var noGrad = no_grad();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (name, value) in parameters)
        {
            using var scope = NewDisposeScope();
            hash.AppendData(Encoding.UTF8.GetBytes(name));
            hash.AppendData(value.detach().cpu().contiguous().bytes);
        }

        foreach (var (name, matrix) in packed)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(name + matrix.Format));
            matrix.AddTo(hash);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
