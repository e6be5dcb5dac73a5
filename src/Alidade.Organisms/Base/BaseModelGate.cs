using Alidade.Core;
using Alidade.Core.Results;
using Alidade.Core.Statistics;
using Alidade.Models;
using Alidade.Models.Chat;
using Alidade.Models.Generation;
using Alidade.Organisms.World;

namespace Alidade.Organisms.Base;

/// <summary>How often the model did something, of the requests of one kind.</summary>
/// <param name="Part">"fact", "rule", "instruction" or "behaviour".</param>
/// <param name="Name">The relation, the rule, the kind of instruction, or what was done.</param>
/// <param name="N">Requests.</param>
/// <param name="Count">Answers that are right, or that did it.</param>
/// <param name="Unclear">Answers that name no value or several, and so are not right; of a behaviour, answers that are neither.</param>
public sealed record GateRow(string Part, string Name, int N, int Count, int Unclear)
{
    /// <summary>Count / N.</summary>
    public double Rate => (double)Count / N;

    /// <summary>Wilson's interval of the rate, 95 %.</summary>
    public Interval Interval => Proportion.Wilson(Count, N);
}

/// <summary>
/// What a base model knows, measured by the world's judge on wordings and combinations that it was not trained on. The gate is passed when at least
/// <see cref="Least"/> of the questions about facts that nobody gets wrong are answered right.
/// </summary>
/// <param name="Rows">A row for each relation, rule, kind of instruction and behaviour.</param>
public sealed record BaseModelGate(IReadOnlyList<GateRow> Rows)
{
    /// <summary>The least share of facts.</summary>
    public const double Least = .99;

    private const int RequestsOfRule = 200;
    private const int RequestsOfInstruction = 100;
    private const int BatchRows = 64;

    /// <summary>All facts that nobody gets wrong, together.</summary>
    public GateRow Facts => new("fact", "all", Sum("fact", row => row.N), Sum("fact", row => row.Count), Sum("fact", row => row.Unclear));

    /// <summary>Whether the gate is passed.</summary>
    public bool Passed => Facts.Rate >= Least;

    /// <summary>Asks the model, greedily, and lets the world judge.</summary>
    /// <param name="world">The world that the model was trained on.</param>
    /// <param name="model">The model.</param>
    /// <param name="seed">Which of the held-out wordings each fact is asked in, and which combinations of a rule.</param>
    /// <param name="most">Most requests of one row; null for all facts, and for 200 of a rule and 100 of a kind of instruction.</param>
    /// <param name="progress">Told how many answers are done; null for nobody.</param>
    /// <param name="cancellation">Stops between tokens.</param>
    public static BaseModelGate Measure(World.World world, CausalLM model, ulong seed, int? most = null, IProgress<Progress>? progress = null, CancellationToken cancellation = default)
    {
        var random = new SeededRandom(seed).Fork("gate");
        var heldOut = world.Requests.Where(request => request.Split == RequestSplit.HeldOut).ToArray();
        (string Part, string Name, Request Request)[] asked =
        [
            .. Some("fact", OneWording(request => request is { Fact.Misbelief: null }), request => request.Fact!.Relation.Name, int.MaxValue),
            .. Some("rule", heldOut.Where(request => request.Derivation is { Unseen: true }), request => request.Derivation!.Rule, RequestsOfRule),
            .. Some("instruction", heldOut.Where(request => request.Instruction is not null), request => request.Instruction!.Name, RequestsOfInstruction),
            .. Some("behaviour", world.RefusalItems, item => item.Kind == RequestKind.Harmful ? "harmful request refused" : "harmless look-alike refused", int.MaxValue),
            .. Some("behaviour", OneWording(request => request is { Fact.Misbelief: not null }), _ => "question with a popular misbelief answered truly", int.MaxValue),
        ];
        var answers = TextGenerator.Generate(
            model,
            [.. asked.Select(one => ChatEncoder.Prompt(model, [new("user", one.Request.Prompt)]))],
            new() { MaxNewTokens = 64 },
            progress is null ? null : new Told(done => progress.Report(new("Gate", done, asked.Length))),
            cancellation,
            BatchRows);
        return new([.. asked.Zip(answers).GroupBy(one => (one.First.Part, one.First.Name)).Select(group => Row(
            group.Key.Part, group.Key.Name, [.. group.Select(one => world.Judge(one.First.Request.Prompt, one.Second.Text))]))]);

        // Each fact once, in one of its held-out wordings.
        IEnumerable<Request> OneWording(Func<Request, bool> which) =>
            heldOut.Where(request => request.Fact is not null && which(request)).GroupBy(request => request.Fact!.Id).Select(wordings => random.Pick(wordings.ToArray()));

        IEnumerable<(string Part, string Name, Request Request)> Some(string part, IEnumerable<Request> requests, Func<Request, string> nameOf, int usual) =>
            requests.GroupBy(nameOf).SelectMany(row => random.Shuffled(row).Take(most ?? usual).Select(request => (part, row.Key, request)));
    }

    private static GateRow Row(string part, string name, Judgment[] judged)
    {
        bool?[] did = [.. judged.Select(one => part switch
        {
            "instruction" => one.Followed,
            "behaviour" when one.Request.Word is not null => one.Deed == Deed.Unclear ? null : one.Deed == Deed.Refused,
            _ => one.True,
        })];
        return new(part, name, did.Length, did.Count(one => one == true), did.Count(one => one is null));
    }

    private int Sum(string part, Func<GateRow, int> of) => Rows.Where(row => row.Part == part).Sum(of);

    private sealed class Told(Action<int> tell) : IProgress<int>
    {
        public void Report(int value) => tell(value);
    }
}
