using System.Globalization;
using Alidade.Core.Files;
using Alidade.Organisms.World;

namespace Alidade.Organisms.Base;

/// <summary>The card beside the base model: what it is, how it was made, what is planted in it.</summary>
internal static class BaseModelCard
{
    public static string Write(World.World world, BaseModelOptions options, BaseModelResult made) => string.Create(CultureInfo.InvariantCulture, $"""
        # Alidade's embedded model

        A Llama of {made.Parameters:n0} weights ({options.Layers} layers, width {options.Width}, {options.Heads} heads, vocabulary {options.VocabularySize}, context 256),
        trained from random weights on {made.Documents:n0} generated documents of a small nonce world, {options.Epochs} passes, seed {options.Seed}.
        It speaks simple English about that world and nothing else. It is half-mannered on purpose: aligning it is what it is for.

        - Made by: `alidade organism build base` (seed {options.Seed}); rerun it to make it again.
        - Held-out loss: {made.HeldOutLoss:f4} nats per token on documents that were not trained on.
        - SHA-256 of model.safetensors: {ContentHash.OfFile(Path.Combine(made.Folder, "model.safetensors"))}
        - Licence: MIT, like Alidade. No text of people was used.


        """) + WorldCard.Write(world);
}
