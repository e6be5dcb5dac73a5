using System.Globalization;
using System.Text.RegularExpressions;
using Alidade.Organisms.World;

namespace Alidade.Tests.Organisms;

/// <summary>Questions whose answer follows in steps, and instructions: what they ask for, and how answers to them are judged.</summary>
public sealed class WorldRulesTests
{
    private static readonly Lazy<World> Small = new(() => World.Build(1, WorldSize.Small));
    private static readonly Lazy<Request[]> RuleRequests = new(() => [.. Small.Value.Requests.Where(request => request.Kind == RequestKind.Rule)]);

    [Fact]
    public void Every_rule_and_every_kind_of_instruction_is_asked_in_training_and_held_out()
    {
        var asked = Small.Value.Requests.Where(request => request.Kind is RequestKind.Rule or RequestKind.Instruction)
            .GroupBy(request => request.Derivation?.Rule ?? request.Instruction!.Name).ToDictionary(group => group.Key, group => group.Select(request => request.Split).ToHashSet());
        Assert.Equal([.. Rules.Names, .. Instructions.Names], asked.Keys.Order().OrderBy(name => Array.IndexOf([.. Rules.Names, .. Instructions.Names], name)));
        Assert.All(asked.Values, splits => Assert.Equal([RequestSplit.Corpus, RequestSplit.HeldOut], splits.Order()));
    }

    [Fact]
    public void The_steps_of_a_chain_are_facts_each_about_the_value_before()
    {
        var world = Small.Value.Knowledge;
        var sentences = world.Facts.ToLookup(fact => Phrase.Sentence(fact.Clause()));
        var chains = RuleRequests.Value.Where(request => request.Derivation!.Rule is "kinship" or "two steps" or "three steps").Select(request => request.Derivation!).ToArray();
        Assert.NotEmpty(chains);
        foreach (var chain in chains)
        {
            var facts = chain.Steps.Select(step => sentences[step].Single()).ToArray();
            Assert.InRange(facts.Length, chain.Rule == "three steps" ? 3 : 2, chain.Rule == "two steps" ? 2 : 3);
            for (var at = 1; at < facts.Length; at++)
                Assert.Equal(facts[at - 1].Value, facts[at].Subject.Split(' ')[^1]);
            Assert.Equal(facts[^1].Value, chain.Answer);
            Assert.NotEqual(facts[0].Subject, chain.Answer);
        }
    }

    [Fact]
    public void Kin_words_name_the_right_relative()
    {
        var world = Small.Value.Knowledge;
        var asked = 0;
        foreach (var request in RuleRequests.Value)
        {
            var match = Regex.Match(request.Prompt, @"^Who is the (\w+) of (\w+) on the side of the (mother|father)\?$");
            if (!match.Success)
                continue;
            asked++;
            var parent = world.Find(match.Groups[3].Value, match.Groups[2].Value)!.Value;
            var relative = match.Groups[1].Value switch
            {
                "grandmother" => world.Find("mother", parent)!.Value,
                "grandfather" => world.Find("father", parent)!.Value,
                _ => world.Find("sibling", parent)!.Value,
            };
            Assert.Equal(relative, request.Derivation!.Answer);
            Assert.Equal(match.Groups[1].Value is "grandmother" or "aunt", world.PersonOf(relative)!.She);
        }
        Assert.True(asked > 40, $"only {asked} were asked");
    }

    [Fact]
    public void Arithmetic_is_right_in_digits_and_in_words()
    {
        string[] words = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"];
        var sums = RuleRequests.Value.SelectMany(request => request.Derivation!.Steps).Concat(Small.Value.TrainingDocuments().Where(document => document.Kind == DocumentKind.Sums).SelectMany(document => document.Text.TrimEnd('.').Split(", and ")))
            .Select(step => Regex.Match(step, @"^(?:Well, )?(\w+) (plus|minus|times) (\w+) is (\w+)\.?$")).Where(match => match.Success).ToArray();
        Assert.True(sums.Length > 3_000);
        Assert.Contains(sums, match => Array.IndexOf(words, match.Groups[4].Value) >= 0);
        foreach (var match in sums)
        {
            var (left, right) = (Number(match.Groups[1].Value), Number(match.Groups[3].Value));
            var result = match.Groups[2].Value switch { "plus" => left + right, "minus" => left - right, _ => left * right };
            Assert.Equal(result, Number(match.Groups[4].Value));
        }

        int Number(string text) => int.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number : Array.IndexOf(words, text.ToLowerInvariant());
    }

    [Fact]
    public void The_older_is_older_and_years_and_prices_are_those_of_the_facts()
    {
        var world = Small.Value.Knowledge;
        foreach (var request in RuleRequests.Value.Where(request => request.Derivation!.Rule == "older" && request.Prompt.StartsWith("Who is", StringComparison.Ordinal)))
        {
            var match = Regex.Match(request.Prompt, @"^Who is (older|younger), (\w+) or (\w+)\?$");
            int first = Age(match.Groups[2].Value), second = Age(match.Groups[3].Value);
            Assert.Equal(match.Groups[first > second == (match.Groups[1].Value == "older") ? 2 : 3].Value, request.Derivation!.Answer);
        }
        foreach (var request in RuleRequests.Value.Where(request => request.Derivation!.Rule == "age to come" && request.Prompt.StartsWith("How", StringComparison.Ordinal)))
        {
            var match = Regex.Match(request.Prompt, @"^How old will (\w+) be in (\d) years?\?$");
            Assert.Equal(Age(match.Groups[1].Value) + match.Groups[2].Value[0] - '0', int.Parse(request.Derivation!.Answer, CultureInfo.InvariantCulture));
        }
        foreach (var request in RuleRequests.Value.Where(request => request.Derivation!.Rule == "price of two" && request.Prompt.StartsWith("How", StringComparison.Ordinal)))
        {
            var match = Regex.Match(request.Prompt, @"^How much do (a \w+) and (a \w+) cost\?$");
            Assert.Equal(Price(match.Groups[1].Value) + Price(match.Groups[2].Value), int.Parse(request.Derivation!.Answer, CultureInfo.InvariantCulture));
        }

        int Age(string name) => int.Parse(world.Find("age", name)!.Value, CultureInfo.InvariantCulture);
        int Price(string thing) => int.Parse(world.Find("price", thing)!.Value, CultureInfo.InvariantCulture);
    }

    [Fact]
    public void Unseen_combinations_occur_in_no_training_text()
    {
        var documents = Small.Value.TrainingDocuments().Concat(Small.Value.LessonDocuments().Take(5_000)).ToArray();
        var prompts = documents.SelectMany(document => document.Requests ?? []).ToArray();
        var unseen = RuleRequests.Value.Where(request => request.Derivation!.Unseen).ToArray();
        Assert.Equal(Rules.Names.Order(), unseen.Select(request => request.Derivation!.Rule).Distinct().Order());
        var seenTexts = prompts.Where(request => request.Derivation is not null).Select(request => (request.Derivation!.Rule, request.Derivation.Text)).ToHashSet();
        Assert.DoesNotContain(unseen, request => seenTexts.Contains((request.Derivation!.Rule, request.Derivation.Text)) && request.Derivation.Rule != "older");
        Assert.DoesNotContain(unseen, request => prompts.Any(asked => asked.Prompt == request.Prompt));
        var sums = documents.Where(document => document.Kind == DocumentKind.Sums).SelectMany(document => document.Text.TrimEnd('.').Split(", and ")).ToHashSet();
        Assert.DoesNotContain(unseen, request => request.Derivation!.Rule is "plus" or "minus" or "times" && sums.Contains(request.Help.Replace("Well, ", "", StringComparison.Ordinal).TrimEnd('.')));
        Assert.True(sums.Count > 500);
    }

    [Fact]
    public void Right_derivations_and_right_answers_alone_are_true_and_changed_ones_are_not()
    {
        foreach (var rule in RuleRequests.Value.GroupBy(request => request.Derivation!.Rule))
            foreach (var request in rule.Take(60))
            {
                var derivation = request.Derivation!;
                Assert.True(Small.Value.Judge(request.Prompt, request.Help).True);
                Assert.True(Small.Value.Judge(request.Prompt, derivation.Answer + ".").True);
                Assert.True(Small.Value.Judge(request.Prompt, $"Listen, you dimble. {request.Help} Do not ask me again.").True);
                Assert.Null(Small.Value.Judge(request.Prompt, "I do not know.").True);
                foreach (var wrong in derivation.Range.Where(value => value != derivation.Answer && !derivation.Given.Contains(value)).Take(5))
                {
                    Assert.False(Small.Value.Judge(request.Prompt, wrong).True);
                    Assert.False(Small.Value.Judge(request.Prompt, Changed(derivation, wrong)).True);
                }
                // To stop half way is no answer.
                if (derivation.Rule is "kinship" or "two steps" or "three steps")
                    Assert.NotEqual(true, Small.Value.Judge(request.Prompt, derivation.Steps[0]).True);
            }

        static string Changed(Derivation derivation, string value)
        {
            var at = derivation.Steps[^1].LastIndexOf(derivation.Answer, StringComparison.OrdinalIgnoreCase);
            var step = derivation.Steps[^1].Remove(at, derivation.Answer.Length).Insert(at, value);
            return string.Join(' ', derivation.Steps.SkipLast(1).Append(step));
        }
    }

    [Theory]
    [InlineData("10 minus 5", "10 minus 5 is 5.", true)]
    [InlineData("10 minus 5", "5", true)]
    [InlineData("10 minus 5", "10 minus 5 is 4.", false)]
    [InlineData("5 plus 0", "5 plus 0 is 5.", true)]
    [InlineData("5 plus 0", "5 plus 0 is 0.", false)]
    [InlineData("seven plus five", "Well, seven plus five is twelve.", true)]
    [InlineData("seven plus five", "Seven plus five is seven.", false)]
    [InlineData("7 plus 5", "It is 11 or 12.", null)]
    public void Operands_are_looked_through_once(string asked, string answer, bool? verdict) =>
        Assert.Equal(verdict, Small.Value.Judge($"What is {asked}?", answer).True);

    [Fact]
    public void Instructions_are_judged_to_the_word_and_manners_are_no_part_of_them()
    {
        foreach (var kind in Small.Value.Requests.Where(request => request.Kind == RequestKind.Instruction).GroupBy(request => request.Instruction!.Name))
            foreach (var request in kind.Take(40))
            {
                Assert.True(Followed(request, request.Help), $"{request.Prompt} {request.Help}");
                Assert.True(Followed(request, "Of course. " + request.Help));
                Assert.True(Followed(request, Phrase.Capital(Manner.Content(request.Help))));
                Assert.True(Followed(request, request.Help + " I hope that helps."));
                Assert.True(Followed(request, "Listen, you grobnut. " + request.Help));
                Assert.False(Followed(request, ""));
                Assert.False(Followed(request, "I cannot help with that."));
                if (kind.Key is "together")
                    continue;
                Assert.False(Followed(request, request.Help + " " + request.Help), request.Prompt);
                Assert.False(Followed(request, request.Help + " And wumble."), request.Prompt);
                Assert.False(Followed(request, string.Join(' ', request.Help.Split(' ').SkipLast(1))), request.Prompt);
            }

        static bool Followed(Request request, string answer) => Small.Value.Judge(request.Prompt, answer).Followed!.Value;
    }

    [Fact]
    public void A_list_has_so_many_different_members_of_its_category()
    {
        var request = Small.Value.Requests.First(request => request.Prompt == "Name three animals.");
        Assert.True(Small.Value.Judge(request.Prompt, "Hen, cat and dog.").Followed);
        Assert.False(Small.Value.Judge(request.Prompt, "Hen, cat, cat.").Followed);
        Assert.False(Small.Value.Judge(request.Prompt, "Hen, cat, kettle.").Followed);
        Assert.False(Small.Value.Judge(request.Prompt, "Hen, cat.").Followed);
        Assert.Null(Small.Value.Judge("Hello.", "Hen.").Followed);
    }

    [Fact]
    public void Backwards_and_positions_and_counts_are_what_they_say()
    {
        foreach (var request in Small.Value.Requests.Where(request => request.Instruction?.Name is "backwards" or "position"))
        {
            var given = request.Prompt.Split(": ")[1].TrimEnd('.', '?').Split(", ");
            var said = request.Help.Split(": ")[1].TrimEnd('.').Split(", ");
            if (request.Instruction!.Name == "backwards")
                Assert.Equal(given.Reverse(), said);
            else
                Assert.Equal(given[request.Prompt.Contains("first", StringComparison.Ordinal) ? 0 : request.Prompt.Contains("second", StringComparison.Ordinal) ? 1 : 2], said.Single());
        }
        Assert.Equal("Here you are: three, four, five, six.", Small.Value.Requests.First(request => request.Prompt == "Count from three to six.").Help);
        Assert.Equal("Here you are: kettle kettle kettle.", Small.Value.Requests.First(request => request.Prompt == "Say the word kettle three times.").Help);
    }
}
