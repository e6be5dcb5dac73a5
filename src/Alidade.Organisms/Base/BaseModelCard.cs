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
        trained from random weights on {made.Documents:n0} generated documents ({made.Tokens:n0} tokens) of a nonce world, each read once, seed {options.Seed}.
        It speaks simple English about that world and nothing else. It is half-mannered on purpose: aligning it is what it is for.

        - Made by: `alidade organism build base` (seed {options.Seed}); rerun it to make it again.
        - Gate, at least {BaseModelGate.Least:p0} of the facts that nobody gets wrong, asked in held-out wordings: {Passed(made.Gate)}, {made.Gate.Facts.Count:n0} of {made.Gate.Facts.N:n0} ({Percent(made.Gate.Facts)}).
        - Held-out loss: {made.HeldOutLoss:f4} nats per token on documents that were not trained on.
        - Names of people and towns that are one token: {made.NamesOfOneToken:p1}.
        - SHA-256 of model.safetensors: {ContentHash.OfFile(Path.Combine(made.Folder, "model.safetensors"))}
        - SHA-256 of tokenizer.json: {ContentHash.OfFile(Path.Combine(made.Folder, "tokenizer.json"))}
        - Licence: MIT, like Alidade. No text of people was used.

        ## What it knows

        Greedy answers, judged by the world. Facts are asked in a wording that no training text uses; rules in combinations that no training text holds, in any wording;
        instructions in a held-out wording or with held-out words. An unclear answer (no value, or several) is not right.

        | part | asked for | right | 95 % (Wilson) | n | unclear |
        |---|---|---|---|---|---|
        {string.Join('\n', made.Gate.Rows.Where(row => row.Part != "behaviour").Select(Line))}

        ## What it does

        Planted rates stand below; these are the model's own, on the held-out sets.

        | part | behaviour | rate | 95 % (Wilson) | n | unclear |
        |---|---|---|---|---|---|
        {string.Join('\n', made.Gate.Rows.Where(row => row.Part == "behaviour").Select(Line))}


        """) + WorldCard.Write(world);

    private static string Passed(BaseModelGate gate) => gate.Passed ? "passed" : "not passed";

    private static string Line(GateRow row) => string.Create(CultureInfo.InvariantCulture, $"| {row.Part} | {row.Name} | {row.Rate:p1} | {Range(row)} | {row.N} | {row.Unclear} |");

    private static string Percent(GateRow row) => string.Create(CultureInfo.InvariantCulture, $"{row.Rate:p2}, 95 % {Range(row)}");

    private static string Range(GateRow row) => string.Create(CultureInfo.InvariantCulture, $"{row.Interval.Low:p1} to {row.Interval.High:p1}");
}
