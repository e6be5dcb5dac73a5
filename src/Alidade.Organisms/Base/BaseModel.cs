using Alidade.Core;
using Alidade.Core.Files;
using Alidade.Models;
using Alidade.Models.Architecture;
using Alidade.Models.Chat;
using Alidade.Models.Tokenizers;
using Alidade.Organisms.World;
using Alidade.Training.Data;
using Alidade.Training.Optimisation;
using Alidade.Training.Trainers;

namespace Alidade.Organisms.Base;

/// <summary>How the base model is made; the defaults make the one that ships.</summary>
public sealed record BaseModelOptions
{
    /// <summary>Seed of the world, of the first weights and of the order of the documents.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>How much of everything the world holds.</summary>
    public WorldSize Size { get; init; } = WorldSize.Standard;

    /// <summary>Tokens of the vocabulary. Default 3,072: nearly every name is one token.</summary>
    public int VocabularySize { get; init; } = 3072;

    /// <summary>Size of the residual stream.</summary>
    public int Width { get; init; } = 192;

    /// <summary>Blocks.</summary>
    public int Layers { get; init; } = 4;

    /// <summary>Query heads, and as many key heads.</summary>
    public int Heads { get; init; } = 6;

    /// <summary>Hidden size of the MLP.</summary>
    public int MlpWidth { get; init; } = 512;

    /// <summary>Documents of one update.</summary>
    public int BatchDocuments { get; init; } = 16;

    /// <summary>Highest learning rate; warmed up over 3 % of the updates, then a cosine down to a fiftieth.</summary>
    public double LearningRate { get; init; } = 2e-3;

    /// <summary>Highest learning rate of the lessons, and of the practice; warmed up and lowered in the same way.</summary>
    public double LessonLearningRate { get; init; } = 1e-3;

    /// <summary>Weight decay.</summary>
    public double WeightDecay { get; init; } = .05;

    /// <summary>Most requests of each row of the gate; null for all facts, and for 200 of a rule and 100 of a kind of instruction.</summary>
    public int? GateRequests { get; init; }
}

/// <summary>What came out.</summary>
/// <param name="Folder">The model folder.</param>
/// <param name="Parameters">Weights.</param>
/// <param name="Documents">Documents trained on.</param>
/// <param name="Tokens">Tokens trained on.</param>
/// <param name="HeldOutLoss">Mean −log p of a token on held-out documents, in nats.</param>
/// <param name="Seconds">Wall time of the last start.</param>
/// <param name="NamesOfOneToken">Share of the invented names that are one token.</param>
/// <param name="Gate">What it knows on held-out wordings.</param>
public sealed record BaseModelResult(string Folder, long Parameters, int Documents, long Tokens, double HeldOutLoss, double Seconds, double NamesOfOneToken, BaseModelGate Gate);

/// <summary>
/// The small model that ships: a Llama of about 2.3 million weights, trained from nothing on the synthetic world's text by Alidade's own trainer.
/// It is good at the world's language and half-mannered on purpose, so that alignment has something to do.
/// </summary>
public static class BaseModel
{
    private const string Template =
        "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

    /// <summary>The folder of the model that ships with Alidade.</summary>
    public static string Shipped => Path.Combine(AppContext.BaseDirectory, "EmbeddedModel");

    /// <summary>
    /// Makes the model: (1) the world's text, (2) a byte-level vocabulary on it, (3) random weights, (4) training with checkpoints, (5) lessons and practice, likewise,
    /// (6) the weights as they will be loaded, (7) the gate, measured on these, (8) the card.
    /// A run that was stopped goes on from its last checkpoint.
    /// </summary>
    /// <param name="folder">Where the model goes.</param>
    /// <param name="options">How it is made.</param>
    /// <param name="context">Progress, cancellation and the folder of the checkpoints.</param>
    public static BaseModelResult Build(string folder, BaseModelOptions options, TrainingContext context)
    {
        var started = TimeProvider.System.GetTimestamp();

        // 1.
        context.Progress?.Report(new("World", 0, options.Size.Documents));
        var world = World.World.Build(options.Seed, options.Size);
        var documents = world.TrainingDocuments().ToArray();
        context.Progress?.Report(new("World", documents.Length, documents.Length));

        // 2.
        var tokenizer = new ByteLevelBpeTrainer
        {
            VocabularySize = options.VocabularySize,
            SpecialTokens = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
            EndOfText = "<|im_end|>",
            ChatTemplateSource = Template,
            IndividualDigits = true,
        }.Train(documents.Select(d => d.Text));
        var end = tokenizer.IdOf("<|endoftext|>") ?? throw new AlidadeException("the vocabulary lacks <|endoftext|>");

        // 3.
        var config = new DecoderConfig
        {
            Family = "llama",
            VocabularySize = tokenizer.VocabularySize,
            Width = options.Width,
            Layers = options.Layers,
            Heads = options.Heads,
            KeyValueHeads = options.Heads,
            HeadDim = options.Width / options.Heads,
            MlpWidth = options.MlpWidth,
            ContextLength = 256,
            Norm = NormKind.Rms,
            NormEpsilon = 1e-5,
            Activation = Activation.Silu,
            GatedMlp = true,
            Rotary = new() { Dimensions = options.Width / options.Heads },
            TiedHead = true,
            EndOfText = [tokenizer.IdOf("<|im_end|>")!.Value, end],
        };
        using var model = CausalLM.Create(config, tokenizer, ChatTemplate.Parse(Template, "base model"), options.Seed);

        // 4.
        var rows = Tokens(documents, tokenizer, end);
        var lessons = Tokens([.. world.LessonDocuments()], tokenizer, end);
        var practice = Tokens([.. world.PracticeDocuments()], tokenizer, end);
        var heldOut = Tokens([.. world.HeldOutDocuments()], tokenizer, end).Rows;
        Train(rows, options.LearningRate, "");

        // 5.
        Train(lessons, options.LessonLearningRate, "-lessons");
        var result = Train(practice, options.LessonLearningRate, "-practice");

        // 6.
        model.Save(folder, "F16");

        // 7.
        using var saved = CausalLM.Load(folder);
        var gate = BaseModelGate.Measure(world, saved, options.Seed, options.GateRequests, context.Progress, context.Cancellation);

        // 8.
        var seconds = TimeProvider.System.GetElapsedTime(started).TotalSeconds;
        var names = world.Knowledge.People.Select(person => person.Name).Concat(world.Knowledge.Towns).ToArray();
        DemonstrationTokens[] read = [.. rows.Rows, .. lessons.Rows, .. practice.Rows];
        var made = new BaseModelResult(folder, model.ParameterCount, read.Length, read.Sum(row => (long)row.Ids.Count),
            result.HeldOut[^1].Loss, seconds, (double)names.Count(name => tokenizer.Encode(" " + name).Length == 1) / names.Length, gate);
        AtomicFile.WriteAllText(Path.Combine(folder, "CARD.md"), BaseModelCard.Write(world, options, made));
        return made;

        TrainingResult Train(TokenRows<DemonstrationTokens> rows, double learningRate, string part) =>
            Trainer(model, options, learningRate).Train(rows, heldOut, context with { Folder = context.Folder is { } kept ? kept + part : null });
    }

    private static SupervisedTrainer Trainer(CausalLM model, BaseModelOptions options, double learningRate) => new()
    {
        Model = model,
        Options = new()
        {
            BatchRows = options.BatchDocuments,
            // The corpus begins with what is easy.
            Order = DataOrder.Sequential,
            Seed = options.Seed,
            Schedule = new() { Kind = ScheduleKind.CosineWithMinLr, LearningRate = learningRate, Warmup = 0.03, Floor = 0.02 },
            AdamW = new() { Beta2 = 0.98, WeightDecay = options.WeightDecay },
            CheckpointEvery = 200,
        },
    };

    private static TokenRows<DemonstrationTokens> Tokens(IReadOnlyList<Document> documents, Tokenizer tokenizer, int end) => new(
        [.. documents.Select((document, i) =>
        {
            int[] ids = [.. tokenizer.Encode(document.Text), end];
            var scored = new bool[ids.Length];
            Array.Fill(scored, true);
            return new DemonstrationTokens(i.ToString(System.Globalization.CultureInfo.InvariantCulture), ids, scored);
        })],
        new Dictionary<string, int>(),
        0);
}
