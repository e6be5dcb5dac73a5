using Alidade.Models.Adapters;
using static TorchSharp.torch;

namespace Alidade.Models.Generation;

/// <summary>
/// Another policy over the same model that reads along and says at every place which tokens may come, such as the mask policy of NLPO. It costs a second pass over every
/// token, and keys and values of its own.
/// </summary>
/// <param name="Adapter">The policy as an adapter, fastest merged (<see cref="CausalLM.Merged"/>); null for the bare base.</param>
/// <param name="Allowed">From its logits, [rows, vocabulary], to the tokens that may come: not 0, at least one in each row.</param>
public sealed record TokenGuide(LoraAdapter? Adapter, Func<Tensor, Tensor> Allowed);
