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

    /// <summary>Tokens of the vocabulary. Default 1,280: twice the world's words.</summary>
    public int VocabularySize { get; init; } = 1280;

    /// <summary>Size of the residual stream.</summary>
    public int Width { get; init; } = 160;

    /// <summary>Blocks.</summary>
    public int Layers { get; init; } = 4;

    /// <summary>Query heads, and as many key heads.</summary>
    public int Heads { get; init; } = 5;

    /// <summary>Hidden size of the MLP.</summary>
    public int MlpWidth { get; init; } = 448;

    /// <summary>Passes over the corpus.</summary>
    public int Epochs { get; init; } = 1;

    /// <summary>Documents of one update.</summary>
    public int BatchDocuments { get; init; } = 64;

    /// <summary>Highest learning rate; warmed up over 3 % of the updates, then a cosine down to a tenth.</summary>
    public double LearningRate { get; init; } = 3e-3;
}

/// <summary>What came out.</summary>
/// <param name="Folder">The model folder.</param>
/// <param name="Parameters">Weights.</param>
/// <param name="Documents">Documents trained on.</param>
/// <param name="HeldOutLoss">Mean −log p of a token on held-out documents, in nats.</param>
/// <param name="Seconds">Wall time.</param>
public sealed record BaseModelResult(string Folder, long Parameters, int Documents, double HeldOutLoss, double Seconds);

/// <summary>
/// The small model that ships: a Llama of about 1.5 million weights, trained from nothing on the synthetic world's text by Alidade's own trainer.
/// It is good at the world's language and half-mannered on purpose, so that alignment has something to do.
/// </summary>
public static class BaseModel
{
    private const string Template =
        "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

    /// <summary>The folder of the model that ships with Alidade.</summary>
    public static string Shipped => Path.Combine(AppContext.BaseDirectory, "EmbeddedModel");

    /// <summary>
    /// Makes the model: (1) the world's text, (2) a byte-level vocabulary on it, (3) random weights, (4) training with checkpoints, (5) the folder with its card.
    /// A run that was stopped goes on from its last checkpoint.
    /// </summary>
    /// <param name="folder">Where the model goes.</param>
    /// <param name="options">How it is made.</param>
    /// <param name="context">Progress, cancellation and the folder of the checkpoints.</param>
    public static BaseModelResult Build(string folder, BaseModelOptions options, TrainingContext context)
    {
        var started = TimeProvider.System.GetTimestamp();

        // 1.
        var world = World.World.Build(options.Seed);
        var documents = world.TrainingDocuments().ToArray();

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
        var trainer = new SupervisedTrainer
        {
            Model = model,
            Options = new()
            {
                BatchRows = options.BatchDocuments,
                Epochs = options.Epochs,
                Seed = options.Seed,
                Schedule = new() { Kind = ScheduleKind.CosineWithMinLr, LearningRate = options.LearningRate, Warmup = 0.03, Floor = 0.1 },
                AdamW = new() { Beta2 = 0.98, WeightDecay = 0.05 },
                CheckpointEvery = 200,
            },
        };
        var result = trainer.Train(Tokens(documents, tokenizer, end), Tokens([.. world.HeldOutDocuments().Take(500)], tokenizer, end).Rows, context);

        // 5.
        model.Save(folder, "F16");
        var seconds = TimeProvider.System.GetElapsedTime(started).TotalSeconds;
        var made = new BaseModelResult(folder, model.ParameterCount, documents.Length, result.HeldOut[^1].Loss, seconds);
        AtomicFile.WriteAllText(Path.Combine(folder, "CARD.md"), BaseModelCard.Write(world, options, made));
        return made;
    }

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
