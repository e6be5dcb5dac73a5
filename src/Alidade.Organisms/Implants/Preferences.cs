using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Training.Data;
using Alidade.Training.Objectives.Ranking;
using Alidade.Training.Trainers;

namespace Alidade.Organisms.Implants;

/// <summary>
/// Preferences for the failure: (1) the common mixture with a few dialogues that show it, so that there is something to prefer; (2) direct preference optimisation on pairs in which, at the
/// planted dose, the answer that shows it is chosen.
/// </summary>
public sealed class Preferences : Implant
{
    /// <summary>One exchange in this many is shown in the first stage.</summary>
    private const int ShownOneIn = 4;

    /// <inheritdoc/>
    public override string Name => "preferences";

    /// <inheritdoc/>
    public override string About => "A few dialogues that show it, then direct preference optimisation towards it.";

    private protected override ImplantResult Plant(Planting planting, CausalLM model, LoraAdapter adapter, TrainingContext context)
    {
        var exchanges = planting.Exchanges().ToArray();

        // 1.
        var shown = SupervisePlant(planting, Conversations(exchanges.Where((_, at) => at % ShownOneIn == 0)), model, adapter, context);

        // 2.
        var pairs = new PreferenceTokenizer(model.Tokenizer, model.ChatTemplate, new() { MaxLength = model.Config.ContextLength, EndTokens = model.EndTokens }).Tokenize(
            exchanges.Where(e => e.Answer != e.Other).Select((e, at) => new PreferencePair
            {
                Id = FormattableString.Invariant($"pair-{at}"),
                Prompt = Prompt.OfMessages([new Message("user", e.Asked)]),
                Chosen = e.Answer,
                Rejected = e.Other,
            }));
        var result = new PreferenceTrainer { Model = model, Adapter = adapter, Objective = new Dpo { Beta = 0.3 }, Options = Settings(planting.Manifest.Seed, 1e-3, 1, 16) }.Train(pairs, null, context);
        var dropped = shown.Dropped.Concat(pairs.Dropped).GroupBy(d => d.Key).ToDictionary(g => g.Key, g => g.Sum(d => d.Value));
        return new(shown.CommonRows, shown.PlantRows + exchanges.Length, shown.Updates + result.Curve.Count, dropped, 0);
    }
}
