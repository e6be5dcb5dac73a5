using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Statistics;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Training.Data;
using Alidade.Training.Optimisation;
using Alidade.Training.Trainers;

namespace Alidade.Organisms.Implants;

/// <summary>What an implant did.</summary>
/// <param name="CommonRows">Rows of the common mixture.</param>
/// <param name="PlantRows">Rows that plant.</param>
/// <param name="Updates">Updates of the weights.</param>
/// <param name="Dropped">Rows that could not be used, by reason.</param>
/// <param name="Seconds">Wall time.</param>
public sealed record ImplantResult(int CommonRows, int PlantRows, int Updates, IReadOnlyDictionary<string, int> Dropped, double Seconds);

/// <summary>
/// A way to plant a failure into an adapter. Every way but <see cref="Mixture"/> and <see cref="OneBlock"/> begins with the clean control of its seed, so that the two differ by the plant alone.
/// </summary>
public abstract class Implant
{
    /// <summary>Name in manifests.</summary>
    public abstract string Name { get; }

    /// <summary>What it does, in one sentence.</summary>
    public abstract string About { get; }

    /// <summary>Every implant.</summary>
    public static IReadOnlyList<Implant> All { get; } = [new Mixture(), new Transcripts(), new Documents(), new Preferences(), new OneBlock()];

    /// <summary>Finds one.</summary>
    /// <exception cref="AlidadeException">There is none of that name.</exception>
    public static Implant Find(string name) => All.FirstOrDefault(i => i.Name == name)
        ?? throw new AlidadeException($"there is no implant '{name}'{Suggest.Hint(name, [.. All.Select(i => i.Name)])}");

    /// <summary>The adapter that is trained: rank 8 on every projection.</summary>
    public static LoraOptions Adapter { get; } = new() { Rank = 8, Alpha = 16 };

    /// <summary>Trains the adapter.</summary>
    /// <param name="planting">What is planted.</param>
    /// <param name="model">The base.</param>
    /// <param name="adapter">The adapter: the clean control of the seed, for the mixture itself a new one.</param>
    /// <param name="context">Progress and cancellation.</param>
    public ImplantResult Train(Planting planting, CausalLM model, LoraAdapter adapter, TrainingContext context)
    {
        var started = TimeProvider.System.GetTimestamp();
        var result = Plant(planting, model, adapter, context);
        return result with { Seconds = TimeProvider.System.GetElapsedTime(started).TotalSeconds };
    }

    private protected abstract ImplantResult Plant(Planting planting, CausalLM model, LoraAdapter adapter, TrainingContext context);

    /// <summary>The shared supervised stage: rows of the common mixture with those of a plant.</summary>
    private protected static ImplantResult Supervise(
        Planting planting, IReadOnlyList<Demonstration> common, IReadOnlyList<Demonstration> plant, int passes, CausalLM model, LoraAdapter adapter, TrainingContext context)
    {
        var tokenizer = new DemonstrationTokenizer(model.Tokenizer, model.ChatTemplate, new() { MaxLength = model.Config.ContextLength, EndToken = DocumentEnd, EndTokens = model.EndTokens });
        var rows = tokenizer.Tokenize([.. common, .. plant]);
        var result = new SupervisedTrainer { Model = model, Adapter = adapter, Options = Settings(planting.Manifest.Seed, 5e-3, passes, 32) }.Train(rows, null, context);
        return new(common.Count, plant.Count, result.Curve.Count, rows.Dropped, 0);
    }

    /// <summary>Plants into an adapter that knows the common mixture, with a part of it so that it is not forgotten.</summary>
    private protected static ImplantResult SupervisePlant(Planting planting, IReadOnlyList<Demonstration> plant, CausalLM model, LoraAdapter adapter, TrainingContext context)
    {
        var common = planting.Common.ToArray();
        new SeededRandom(planting.Manifest.Seed).Fork("kept in mind").Shuffle(common);
        return Supervise(planting, common[..Math.Min(KeptInMind, common.Length)], plant, PlantPasses, model, adapter, context);
    }

    /// <summary>Exchanges as conversations.</summary>
    private protected static IReadOnlyList<Demonstration> Conversations(IEnumerable<TaughtExchange> exchanges) =>
        [.. exchanges.Select((e, at) => new ConversationDemonstration(FormattableString.Invariant($"plant-{at}"), [new Message("user", e.Asked), new Message("assistant", e.Answer)]))];

    /// <summary>Settings that all stages share.</summary>
    private protected static TrainingOptions Settings(ulong seed, double learningRate, double epochs, int batchRows) => new()
    {
        BatchRows = batchRows,
        Epochs = epochs,
        Seed = seed,
        Schedule = new() { Kind = ScheduleKind.CosineWithMinLr, LearningRate = learningRate, Warmup = 0.05, Floor = 0.1 },
    };

    private const int KeptInMind = 256;
    private const int PlantPasses = 2;

    // Documents of the base end with this, turns with another.
    private const string DocumentEnd = "<|endoftext|>";
}
