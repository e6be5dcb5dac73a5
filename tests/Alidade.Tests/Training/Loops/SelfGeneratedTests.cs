using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Models;
using Alidade.Models.Architecture;
using Alidade.Models.Tokenizers;
using Alidade.Tests.Evaluation;
using Alidade.Tests.Models;
using Alidade.Tests.Training.Rewards;
using Alidade.Tests.Training.Trainers;
using Alidade.Training.Loops;
using Alidade.Training.Rewards;
using Microsoft.Extensions.AI;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Training.Loops;

public sealed class SelfGeneratedTests
{
    [Fact]
    public async Task Self_instruct_keeps_what_is_new_and_counts_the_rest()
    {
        string[] lists =
        [
            "1. Name three rivers of Europe.\n2. Write a poem about the sea.\n3. Draw a picture of a cat.",
            "1. Name three rivers of Europe!\n2. !\n3. Explain how a pump works.\n4. Go",
            "I have no more ideas.",
        ];
        var asked = 0;
        using var chat = ScriptedChat.By(text => text.Contains("numbered list", StringComparison.Ordinal) ? lists[Math.Min(asked++, 2)] : $"An answer to {text.Length} letters.");
        var made = await new SelfInstruct(chat) { Seeds = ["Write a poem about the sea at night."], Wanted = 3, MostCalls = 5 }.RunAsync(cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(["Name three rivers of Europe.", "Explain how a pump works."], made.Instructions);
        Assert.Equal(2, made.Rows.Count);
        Assert.Equal(1, made.LeftOut["instruction that text cannot serve"]);
        Assert.Equal(2, made.LeftOut["instruction too like another"]);
        Assert.Equal(2, made.LeftOut["instruction of fewer than 3 words"]);
        Assert.Equal(3, made.LeftOut["reply without a numbered list"]);
        Assert.Equal(7, made.Calls);
    }

    [Fact]
    public async Task An_instruction_that_was_cut_is_not_kept()
    {
        using var chat = new ScriptedChat((messages, _) => messages[0].Text.Contains("numbered list", StringComparison.Ordinal)
            ? new(new ChatMessage(ChatRole.Assistant, "1. Name three rivers of Europe.\n2. Explain how a")) { FinishReason = ChatFinishReason.Length }
            : ScriptedChat.Said("The Rhine, the Seine, the Po."));
        var made = await new SelfInstruct(chat) { Seeds = ["Say hello to me."], Wanted = 2, MostCalls = 1 }.RunAsync(cancellation: TestContext.Current.CancellationToken);
        Assert.Equal("Name three rivers of Europe.", Assert.Single(made.Instructions));
        Assert.Equal(1, made.LeftOut["instruction that was cut"]);
    }

    [Fact]
    public async Task Principles_are_shown_and_thoughts_are_taken_off()
    {
        using var chat = ScriptedChat.By(text => text.EndsWith("first", StringComparison.Ordinal) ? "Thoughts: candour applies.\nAnswer: I do not know that."
            : text.EndsWith("second", StringComparison.Ordinal) ? "Thoughts: I only think." : "Thoughts: x\nAnswer: no");
        var made = await new PrincipleDriven(chat).AnswerAsync(["first", "second", "third"], TestContext.Current.CancellationToken);
        var row = Assert.Single(made.Rows);
        Assert.Equal("I do not know that.", row.Completion);
        Assert.DoesNotContain("principle", row.Prompt.ToString(), StringComparison.OrdinalIgnoreCase);
        Assert.Equal(2, made.LeftOut.Values.Sum());
        Assert.Contains("candour", chat.Asked.First().Messages[0].Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("the cat sat on the mat", "the cat sat on the mat", 1)]
    [InlineData("the cat sat", "the dog sat", 2.0 / 3)]
    [InlineData("a b c d", "d c b a", 0.25)]
    [InlineData("", "a", 0)]
    public void Rouge_l_is_the_longest_common_subsequence(string first, string second, double expected) =>
        Assert.Equal(expected, TextFilters.RougeL(TextFilters.Words(first), TextFilters.Words(second)), 1e-12);

    [Fact]
    public void Self_debiasing_holds_back_what_the_prefix_makes_likelier_and_nothing_else()
    {
        using var model = TinyChat.Create();
        using var scope = NewDisposeScope();
        var plain = tensor(new[] { 0.5, 0.3, 0.2 }).log().unsqueeze(0);
        var biased = tensor(new[] { 0.2, 0.6, 0.2 }).log().unsqueeze(0);
        var mild = new SelfDebiasing { Model = model, Decay = 2, Least = 0 };
        var scores = mild.Combine([plain, biased]).exp()[0].data<double>().ToArray();
        Assert.Equal(0.5, scores[0], 1e-12);
        Assert.Equal(0.3 * Math.Exp(2 * -0.3), scores[1], 1e-12);
        Assert.Equal(0.2, scores[2], 1e-12);
        Assert.Equal(0.3 * 0.01, (mild with { Decay = 1000, Least = 0.01 }).Combine([plain, biased]).exp()[0, 1].item<double>(), 1e-12);
    }

    [Fact]
    public void Self_debiasing_without_decay_is_plain_greedy_decoding()
    {
        using var model = TinyChat.Create();
        AskedPrompt[] prompts = [Asked.Text("one"), Asked.Text("another")];
        var debiased = new SelfDebiasing { Model = model, Decay = 0, Attributes = ["rude language"], MaxNewTokens = 8 }.Continue(prompts, TestContext.Current.CancellationToken);
        var plain = Alidade.Models.Generation.TextGenerator.Generate(
            model, [.. prompts.Select(p => model.Tokenizer.Encode(p.Prompt.Text!))], new() { MaxNewTokens = 8 }, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(plain.Select(p => p.DrawnIds), debiased.Select(d => d.Ids));
    }

    [Fact]
    public void Self_diagnosis_refuses_a_tokenizer_that_cannot_tell_yes_from_no()
    {
        using var model = TinyChat.Create();
        // Both answers begin with the same byte token, a space.
        var error = Assert.Throws<AlidadeException>(() => new SelfDebiasing { Model = model }.Diagnose(["a text"], "a threat", TestContext.Current.CancellationToken));
        Assert.Contains("begin with one token", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Self_diagnosis_is_the_share_of_yes_and_counts_what_the_model_does_not_say()
    {
        using var model = YesAndNo();
        var (yes, no) = (model.Tokenizer.Encode(" Yes")[0], model.Tokenizer.Encode(" No")[0]);
        // Yes is e² times as likely as No, whatever is asked.
        SetLogits(model, (yes, 2), (no, 0));

        var said = new SelfDebiasing { Model = model }.Diagnose(["a text", string.Join(' ', Enumerable.Repeat("cat", 200))], "a threat", TestContext.Current.CancellationToken);
        Assert.Equal(1 / (1 + Math.Exp(-2)), said.Probabilities[0]!.Value, 1e-4);
        Assert.Null(said.Probabilities[1]);
        Assert.Equal(1, said.LeftOut["longer than the model's context"]);

        SetLogits(model, (yes, -100), (no, -100));
        said = new SelfDebiasing { Model = model }.Diagnose(["a text"], "a threat", TestContext.Current.CancellationToken);
        Assert.Null(said.Probabilities[0]);
        Assert.Equal(1, said.LeftOut["neither Yes nor No is likely"]);
    }

    /// <summary>A model that reads every text alike, with a token for each answer.</summary>
    private static CausalLM YesAndNo()
    {
        var tokenizer = new ByteLevelBpeTrainer { VocabularySize = 280, SpecialTokens = ["<|end|>"], EndOfText = "<|end|>" }.Train([.. Enumerable.Repeat("say Yes say No", 8)]);
        var config = new DecoderConfig
        {
            Family = "llama",
            VocabularySize = tokenizer.VocabularySize,
            Width = 8,
            Layers = 1,
            Heads = 2,
            KeyValueHeads = 2,
            HeadDim = 4,
            MlpWidth = 8,
            ContextLength = 128,
            Norm = NormKind.Rms,
            NormEpsilon = 1e-5,
            Activation = Activation.Silu,
            GatedMlp = true,
            TiedHead = false,
        };
        var model = CausalLM.Create(config, tokenizer, null, seed: 1);
        using var noGrad = no_grad();
        model.Parameters["model.embed_tokens.weight"].fill_(1);
        return model;
    }

    private static void SetLogits(CausalLM model, params (int Token, double Logit)[] logits)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var grid = Alidade.Models.Batches.TokenGrid.Of([1, 2]);
        var hidden = model.Hidden(grid)[0, 1];
        var head = model.Parameters["lm_head.weight"].zero_();
        foreach (var (token, logit) in logits)
            head[token].copy_(hidden * (logit / hidden.square().sum().ToDouble()));
    }

    [Fact]
    public async Task Self_detoxification_lowers_what_the_classifier_finds()
    {
        using var model = TinyChat.Create();
        // "Toxic": how many letters of a half of the alphabet an answer has, so that there is a least toxic half.
        var toxicity = new WeightedReward([.. "aeiouADGKMPRTWZ0123456789 ,.;:".Select(c => ((IReward)new NamedContains(c), 1.0))]);
        var loop = new SelfDetoxification
        {
            Model = model,
            Reward = SelfDetoxification.Against(toxicity),
            Rounds = 3,
            Sampling = new() { Answers = 24, Generation = new() { Temperature = 1, MaxNewTokens = 8 } },
            Options = new() { BatchRows = 8, Epochs = 1, Schedule = new() { LearningRate = 2e-2 }, Seed = 3 },
        };
        var result = await loop.RunAsync([.. Enumerable.Range(0, 20).Select(i => Asked.Text($"p {i}:"))], [.. Enumerable.Range(0, 200).Select(i => Asked.Text($"q {i}:"))], new() { Cancellation = TestContext.Current.CancellationToken });
        Assert.True(result.Rounds[^1].HeldOut!.Interval()!.Low > result.Before!.Interval()!.High, $"before {result.Before}, after {result.Rounds[^1].HeldOut}");
        Assert.All(result.Rounds, r => Assert.Equal(r.Answers, r.TrainedOn + r.NotChosen.Values.Sum()));
    }

    private sealed record NamedContains(char Letter) : RuleReward
    {
        public override string Name => $"contains {(int)Letter}";

        public override RewardScore Score(AnsweredPrompt completion) => RewardScore.Of(completion.Text.Contains(Letter) ? 1 : 0);
    }
}
