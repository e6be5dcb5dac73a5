using Alidade.Models;
using Alidade.Models.Generation;
using Alidade.Tests.Training.Trainers;
using static TorchSharp.torch;

namespace Alidade.Tests.Models.Generation;

public sealed class PrefixCacheTests : IDisposable
{
    private static readonly GenerationOptions Options = new() { MaxNewTokens = 6, IgnoreEndTokens = true };

    private readonly OneThread thread = new();
    private readonly CausalLM model = Tiny.Model(context: 128);

    public void Dispose()
    {
        model.Dispose();
        thread.Dispose();
    }

    [Fact]
    public void The_turns_of_a_conversation_are_what_they_are_without_it_and_only_new_tokens_are_kept()
    {
        using var prefixes = new PrefixCache(200);
        var conversation = Prompt(20);
        for (var turn = 0; turn < 4; turn++)
        {
            var (known, before) = (prefixes.Tokens, prefixes.TokensReused);
            var with = Run(conversation, prefixes);
            Same(Run(conversation, null), with);
            Assert.Equal(known, prefixes.TokensReused - before);
            conversation = [.. conversation, .. with.Ids, 7, (3 * turn) % 29, 11];
            // What a turn adds replaces what it began with.
            Assert.Equal(conversation.Length - 4, prefixes.Tokens);
        }
    }

    [Fact]
    public void Another_beginning_is_no_hit_and_a_prompt_that_is_known_whole_still_runs_its_last_token()
    {
        using var prefixes = new PrefixCache(200);
        var prompt = Prompt(30);
        Run(prompt, prefixes);
        Same(Run(prompt, null), Run(prompt, prefixes));
        Assert.Equal(29, prefixes.TokensReused);
        int[] other = [.. prompt.Select(id => (id + 1) % 29)];
        Same(Run(other, null), Run(other, prefixes));
        Assert.Equal(29, prefixes.TokensReused);
        int[] shorter = prompt[..18];
        Same(Run(shorter, null), Run(shorter, prefixes));
        Assert.Equal(29 + 17, prefixes.TokensReused);
    }

    [Fact]
    public void Other_weights_or_another_adapter_make_it_forget()
    {
        using var prefixes = new PrefixCache(200);
        var prompt = Prompt(25);
        using var adapter = Tiny.Adapter(model);
        using (no_grad())
            foreach (var (_, value) in adapter.Parameters)
                value.add_(0.3);
        var before = Run(prompt, prefixes);
        using (model.Use(adapter))
        {
            var adapted = Run(prompt, null);
            Assert.NotEqual(before.LogProbs[0], adapted.LogProbs[0], 1e-3);
            Same(adapted, Run(prompt, prefixes));
            using (no_grad())
                adapter.Parameters.First().Value.mul_(-3);
            Same(Run(prompt, null), Run(prompt, prefixes));
        }

        Same(before, Run(prompt, prefixes));
        using (no_grad())
            model.Parameters.Values.ElementAt(3).mul_(1.7);
        var changed = Run(prompt, null);
        Assert.NotEqual(before.LogProbs[0], changed.LogProbs[0], 1e-4);
        Same(changed, Run(prompt, prefixes));
    }

    [Fact]
    public void It_keeps_no_more_than_it_may_and_leaves_no_tensor()
    {
        var before = LiveTensors.Settled();
        using (var prefixes = new PrefixCache(60))
        {
            for (var i = 0; i < 6; i++)
            {
                Run([i, .. Prompt(17 + i)], prefixes);
                Assert.InRange(prefixes.Tokens, 1, 60);
            }

            Run(Prompt(90), prefixes);
            Assert.InRange(prefixes.Tokens, 1, 60);
        }

        Assert.Equal(before, Tensor.TotalCount);
    }

    [Fact]
    public void Prompts_with_one_beginning_and_ends_of_many_lengths_get_what_they_get_alone()
    {
        int[][] prompts = [.. Enumerable.Range(0, 7).Select(i => (int[])[.. Prompt(40), .. Enumerable.Range(0, 1 + i).Select(p => (p + (5 * i)) % 29)])];
        var together = TextGenerator.Generate(model, prompts, Options, cancellation: TestContext.Current.CancellationToken);
        for (var i = 0; i < prompts.Length; i++)
            Same(Run(prompts[i], null), together[i]);
    }

    private static int[] Prompt(int length) => [.. Enumerable.Range(0, length).Select(i => ((i * i) + (3 * i)) % 29)];

    private static void Same(Generated expected, Generated actual)
    {
        Assert.Equal(expected.Ids, actual.Ids);
        Assert.All(expected.LogProbs.Zip(actual.LogProbs), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
    }

    private Generated Run(int[] prompt, PrefixCache? prefixes) => TextGenerator.Stream(model, prompt, Options, prefixes, TestContext.Current.CancellationToken).Last().Result!;
}
