using Alidade.Core;
using Alidade.Core.Recipes;
using Alidade.Training.Catalogue;
using Alidade.Training.Jobs;

namespace Alidade.Cli.Align;

/// <summary>One stage of training: an objective of the catalogue with its data or reward.</summary>
/// <param name="Number">Its place, from 1.</param>
/// <param name="Title">What the recipe calls it; the objective's name when left out.</param>
/// <param name="Settings">Every setting, with the keys of a recipe of <c>alidade train</c>.</param>
/// <param name="Known">The objective's place in the catalogue.</param>
/// <param name="Objective">The objective with its options.</param>
internal sealed record AlignStage(int Number, string Title, TrainRecipe Settings, KnownObjective Known, object Objective)
{
    // Which file a stage takes that names none depends on its objective, which is known only when its keys have been read.
    private const string Unnamed = "-";

    // Settled by the recipe as a whole.
    private static readonly string[] OfTheRecipe = [nameof(TrainRecipe.Model), nameof(TrainRecipe.Adapter), nameof(TrainRecipe.Samples), nameof(TrainRecipe.Export)];

    /// <summary>Name in the run folder, such as "2-dpo".</summary>
    public string Name => FormattableString.Invariant($"{Number}-{Title}");

    /// <summary>Whether it trains a reward model, on an adapter of its own, and not the policy.</summary>
    public bool TrainsReward => Known.Family is RewardFamily;

    /// <summary>Whether it needs a reward model of an earlier stage.</summary>
    public bool NeedsStage => Settings.Reward.Concat(Settings.Cost).Any(r => r.Stage is not null);

    /// <summary>The stages of a recipe; what is wrong with any of them is told together. The parts of the recipe are used up.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="name">What errors call it.</param>
    /// <exception cref="AlidadeException">A key, an objective or a named stage does not exist, or a value is out of range.</exception>
    public static IReadOnlyList<AlignStage> Read(AlignRecipe recipe, string name)
    {
        var (stages, problems) = (new List<AlignStage>(), new List<string>());
        for (var i = 0; i < recipe.Stages.Count; i++)
            try
            {
                stages.Add(Read(recipe, i, name, stages));
            }
            catch (AlidadeException exception)
            {
                var prefix = name + ": ";
                problems.Add(exception.Message.StartsWith(prefix, StringComparison.Ordinal) ? exception.Message[prefix.Length..] : $"stages[{i}]: {exception.Message}");
            }

        if (problems.Count == 0 && stages.TrueForAll(s => s.TrainsReward))
            problems.Add("stages: every one trains a reward model; at least one must train the model itself, such as { objective: ppo, reward: { stage: 1 } }");
        return problems.Count == 0 ? stages : throw new AlidadeException($"{name}: {string.Join("; ", problems)}");
    }

    /// <summary>The same stage with whole paths: its data file, or the one that its objective takes where none is named.</summary>
    /// <param name="data">The recipe's data.</param>
    /// <param name="dataAt">Makes a path of data whole.</param>
    /// <param name="at">Makes a path of a model whole.</param>
    /// <param name="heldOut">Prompts that are never trained on.</param>
    public AlignStage With(AlignDataRecipe data, Func<string, string> dataAt, Func<string, string> at, IReadOnlySet<string> heldOut)
    {
        string Whole(string path) => File.Exists(at(path)) || Directory.Exists(at(path)) ? at(path) : path;
        string? Maybe(string? path) => path is null ? null : Whole(path);
        var file = Settings.Data.File != Unnamed ? Settings.Data.File : Known.Family is SupervisedFamily && data.Demonstrations is { } demonstrations ? demonstrations : data.Preferences;
        return this with
        {
            Settings = Settings with
            {
                Data = Settings.Data with { File = dataAt(file), HeldOutPrompts = heldOut },
                Teacher = Maybe(Settings.Teacher),
                ReferenceModel = Maybe(Settings.ReferenceModel),
                PromptEncoder = Maybe(Settings.PromptEncoder),
                Reward = [.. Settings.Reward.Select(r => r.At(Whole))],
                Cost = [.. Settings.Cost.Select(r => r.At(Whole))],
            },
        };
    }

    /// <summary>The same stage with rewards of earlier stages as folders.</summary>
    /// <param name="folderOf">Where the adapter of a stage lies.</param>
    /// <param name="stages">All stages.</param>
    public AlignStage With(IReadOnlyList<AlignStage> stages, Func<AlignStage, string> folderOf)
    {
        RewardRecipe Placed(RewardRecipe reward) => reward.Stage is { } name ? reward with { Stage = null, Model = folderOf(Find(name, [.. stages.Where(s => s.Number < Number)])!) } : reward;
        return this with { Settings = Settings with { Reward = [.. Settings.Reward.Select(Placed)], Cost = [.. Settings.Cost.Select(Placed)] } };
    }

    /// <summary>The same stage without rewards of earlier stages, whose models are not there yet: its data can be read, but nothing trained.</summary>
    public AlignStage WithoutStages() =>
        this with { Settings = Settings with { Reward = [.. Settings.Reward.Where(r => r.Stage is null)], Cost = [.. Settings.Cost.Where(r => r.Stage is null)] } };

    private static AlignStage Read(AlignRecipe recipe, int index, string name, IReadOnlyList<AlignStage> earlier)
    {
        var part = recipe.Stages[index];
        var title = part.Take("Name").FirstOrDefault();
        var settings = Begun(recipe);
        part.Bind(settings, name, OfTheRecipe);
        settings = settings.Resolved();
        settings.Training.Validate();
        var (known, objective) = settings.Chosen(name);
        title ??= known.Name;
        if (title.Length == 0 || !title.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
            throw new AlidadeException($"its name '{title}' must be of letters, digits, '-' and '_': it becomes a folder's");
        if (known.Family is StepRewardFamily)
            throw new AlidadeException($"{known.Name} scores single tokens, with a head that no adapter holds; train it by 'alidade train {known.Name}'");
        if (settings.Members > 1)
            throw new AlidadeException("members: a stage trains one model; an ensemble of reward models is trained by 'alidade train reward', and its folder is named in a stage (reward: { model: FOLDER })");
        if (known.Family.LearnsFromRewards && settings.Reward.Count == 0)
            throw new AlidadeException($"{known.Name} needs a reward: a rule ({string.Join(", ", RecipeKeys.Choices(typeof(Training.Rewards.RuleReward)))}), a reward model's folder (model: FOLDER), or an earlier stage's (stage: NAME)");
        ObjectiveKeys.Check(settings, Begun(recipe), known, objective, $"{name}: stages[{index}]");
        foreach (var wanted in settings.Reward.Concat(settings.Cost).Select(r => r.Stage).OfType<string>())
            if (Find(wanted, earlier) is not { TrainsReward: true } found)
                throw new AlidadeException(Find(wanted, earlier) is { } other
                    ? $"reward.stage: stage '{other.Name}' ({other.Known.Name}) trains no reward model"
                    : $"reward.stage: there is no earlier stage '{wanted}'{Suggest.Hint(wanted, [.. earlier.Select(s => s.Title)])}");
        return new(index + 1, title, settings, known, objective);
    }

    // What holds in a stage where its part says nothing.
    private static TrainRecipe Begun(AlignRecipe recipe)
    {
        var defaults = new TrainRecipe();
        return defaults with
        {
            Data = new() { File = Unnamed, Format = recipe.Data.Format, DropInvalidRows = recipe.Data.DropInvalidRows, MaxLength = recipe.Data.MaxLength, HeldOut = recipe.Data.HeldOut, HeldOutRows = 64 },
            Adapter = new() { Lora = recipe.Adapter },
            Training = defaults.Training with { Seed = recipe.Seed, CheckpointEvery = 10 },
        };
    }

    // By its name, which may stand more than once and then means the latest, or by its number.
    private static AlignStage? Find(string name, IReadOnlyList<AlignStage> stages) =>
        stages.LastOrDefault(s => s.Title == name || s.Name == name || s.Number.ToString(System.Globalization.CultureInfo.InvariantCulture) == name);
}
