using Alidade.Core;
using Alidade.Training.Objectives.Ranking;

namespace Alidade.Tests.Training.Objectives.Ranking;

/// <summary>Every option that cannot be says its objective, its name, its value and what is allowed.</summary>
public sealed class RankingOptionTests
{
    private const string Positive = "a number above 0", NotNegative = "0 or a number above it", Half = "at least 0 and below 0.5";

    private static readonly (Func<object> Make, string Message)[] Wrong =
    [
        (() => new Dpo { Beta = 0 }, "dpo: Beta is 0; it must be " + Positive),
        (() => new Dpo { Beta = -1 }, "dpo: Beta is -1; it must be " + Positive),
        (() => new Dpo { Beta = double.NaN }, "dpo: Beta is NaN; it must be " + Positive),
        (() => new Dpo { Beta = double.PositiveInfinity }, "dpo: Beta is Infinity; it must be " + Positive),
        (() => new Dpo { LabelSmoothing = -0.1 }, "dpo: LabelSmoothing is -0.1; it must be " + Half),
        (() => new Dpo { LabelSmoothing = 0.5 }, "dpo: LabelSmoothing is 0.5; it must be " + Half),
        (() => new Dpo { LabelSmoothing = double.NaN }, "dpo: LabelSmoothing is NaN; it must be " + Half),
        (() => new Hinge { Beta = 0 }, "hinge: Beta is 0; it must be " + Positive),
        (() => new Ipo { Beta = 0 }, "ipo: Beta is 0; it must be " + Positive),
        (() => new RobustDpo { Beta = 0 }, "robust: Beta is 0; it must be " + Positive),
        (() => new RobustDpo { LabelSmoothing = 0.5 }, "robust: LabelSmoothing is 0.5; it must be " + Half),
        (() => new ExoPair { Beta = 0 }, "exo_pair: Beta is 0; it must be " + Positive),
        (() => new ExoPair { LabelSmoothing = 0 }, "exo_pair: LabelSmoothing is 0; it must be above 0 and below 0.5"),
        (() => new ExoPair { LabelSmoothing = 0.5 }, "exo_pair: LabelSmoothing is 0.5; it must be above 0 and below 0.5"),
        (() => new DiscoPop { Beta = 0 }, "discopop: Beta is 0; it must be " + Positive),
        (() => new DiscoPop { Tau = 0 }, "discopop: Tau is 0; it must be " + Positive),
        (() => new NcaPair { Beta = 0 }, "nca_pair: Beta is 0; it must be " + Positive),
        (() => new BcoPair { Beta = 0 }, "bco_pair: Beta is 0; it must be " + Positive),
        (() => new ApoZero { Beta = 0 }, "apo_zero: Beta is 0; it must be " + Positive),
        (() => new ApoDown { Beta = 0 }, "apo_down: Beta is 0; it must be " + Positive),
        (() => new Sppo { Beta = 0 }, "sppo: Beta is 0; it must be " + Positive),
        (() => new Dpop { Beta = 0 }, "dpop: Beta is 0; it must be " + Positive),
        (() => new Dpop { Lambda = -1 }, "dpop: Lambda is -1; it must be " + NotNegative),
        (() => new Aot { Beta = 0 }, "aot: Beta is 0; it must be " + Positive),
        (() => new Aot { LabelSmoothing = 0.5 }, "aot: LabelSmoothing is 0.5; it must be " + Half),
        (() => new AotUnpaired { Beta = 0 }, "aot_unpaired: Beta is 0; it must be " + Positive),
        (() => new AotUnpaired { LabelSmoothing = 0.5 }, "aot_unpaired: LabelSmoothing is 0.5; it must be " + Half),
        (() => new AlphaDivergence { Alpha = 1 }, "alpha_divergence: Alpha is 1; it must be a number that is not 1 (1 is reverse_kl)"),
        (() => new LengthDesensitised { Alpha = 1.5 }, "ld_dpo: Alpha is 1.5; it must be from 0 to 1"),
        (() => new LengthDesensitised { Alpha = -0.5 }, "ld_dpo: Alpha is -0.5; it must be from 0 to 1"),
        (() => new Wpo { MaxWeight = 0 }, "wpo: MaxWeight is 0; it must be " + Positive),
        (() => new WeightedSum { Terms = [] }, "weighted_sum: there is no term; give at least one objective with its weight"),
        (() => new WeightedSum { Terms = [new(double.NaN, new Dpo())] }, "weighted_sum: the weight of dpo is NaN; it must be a finite number"),
        (() => new WeightedSum { Terms = [new(1, new Dpo()), new(1, new Dpo { Beta = 1 })] }, "weighted_sum: dpo is a term 2 times; a term is logged by its name, so give each once"),
        (() => new MovingReference { Mixture = 0 }, "tr_dpo: Mixture is 0; it must be above 0 and up to 1"),
        (() => new MovingReference { Every = 0 }, "tr_dpo: Every is 0; it must be 1 or more"),
        (() => new Cpo { NllWeight = -1 }, "cpo: NllWeight is -1; it must be " + NotNegative),
        (() => new SimPo { Beta = 0 }, "simpo: Beta is 0; it must be " + Positive),
        (() => new SimPo { Gamma = -1 }, "simpo: Gamma is -1; it must be " + NotNegative),
        (() => new SimPo { LabelSmoothing = 0.5 }, "simpo: LabelSmoothing is 0.5; it must be " + Half),
        (() => new AlphaPo { Beta = 0 }, "alphapo: Beta is 0; it must be " + Positive),
        (() => new AlphaPo { Gamma = -1 }, "alphapo: Gamma is -1; it must be " + NotNegative),
        (() => new AlphaPo { Alpha = double.NaN }, "alphapo: Alpha is NaN; it must be a finite number"),
        (() => new Orpo { Beta = -1 }, "orpo: Beta is -1; it must be " + NotNegative),
        (() => new SlicHf { Delta = 0 }, "slic_hf: Delta is 0; it must be " + Positive),
        (() => new SlicHf { Lambda = -1 }, "slic_hf: Lambda is -1; it must be " + NotNegative),
        (() => new Rebel { Eta = 0 }, "rebel: Eta is 0; it must be " + Positive),
        (() => new RaoKupperDpo { Beta = 0 }, "dpo_rk: Beta is 0; it must be " + Positive),
        (() => new RaoKupperDpo { Nu = 1 }, "dpo_rk: Nu is 1; it must be a number above 1"),
        (() => new DavidsonDpo { Nu = 0 }, "dpo_d: Nu is 0; it must be " + Positive),
        (() => new Xpo { Alpha = -1 }, "xpo: Alpha is -1; it must be " + NotNegative),
        (() => new Kto { Beta = 0 }, "kto: Beta is 0; it must be " + Positive),
        (() => new Kto { DesirableWeight = -1 }, "kto: DesirableWeight is -1; it must be " + NotNegative),
        (() => new Kto { UndesirableWeight = -1 }, "kto: UndesirableWeight is -1; it must be " + NotNegative),
        (() => new ApoZeroUnpaired { Beta = 0 }, "apo_zero_unpaired: Beta is 0; it must be " + Positive),
        (() => new ApoZeroUnpaired { DesirableWeight = -1 }, "apo_zero_unpaired: DesirableWeight is -1; it must be " + NotNegative),
        (() => new ApoZeroUnpaired { UndesirableWeight = -1 }, "apo_zero_unpaired: UndesirableWeight is -1; it must be " + NotNegative),
        (() => new Bco { Beta = 0 }, "bco: Beta is 0; it must be " + Positive),
        (() => new Bco { MinDensityRatio = 0 }, "bco: MinDensityRatio is 0; it must be " + Positive),
        (() => new Bco { MaxDensityRatio = 0 }, "bco: MaxDensityRatio is 0; it must be " + Positive),
        (() => new Rrhf { LengthPenalty = -1 }, "rrhf: LengthPenalty is -1; it must be " + NotNegative),
        (() => new Rrhf { RankWeight = -1 }, "rrhf: RankWeight is -1; it must be " + NotNegative),
        (() => new Pro { SftWeight = -1 }, "pro: SftWeight is -1; it must be " + NotNegative),
        (() => new ListwiseDpo { Beta = 0 }, "listwise_dpo: Beta is 0; it must be " + Positive),
        (() => new SlicCalibration { Beta = -1 }, "slic: Beta is -1; it must be " + NotNegative),
        (() => new SlicCalibration { LengthPenalty = -1 }, "slic: LengthPenalty is -1; it must be " + NotNegative),
        (() => new OnlinePairs { MissingEndPenalty = -1 }, "online_dpo: MissingEndPenalty is -1; it must be " + NotNegative),
    ];

    public static TheoryData<string> Messages() => [.. Wrong.Select(w => w.Message)];

    [Theory]
    [MemberData(nameof(Messages))]
    public void A_wrong_option_says_what_is_allowed(string message) =>
        Assert.Equal(message, Assert.Throws<AlidadeException>(() => Wrong.Single(w => w.Message == message).Make()).Message);

    [Fact]
    public void Every_number_of_every_objective_is_tried()
    {
        var numbers = typeof(Dpo).Assembly.GetTypes().Where(t => t.Namespace == typeof(Dpo).Namespace && !t.IsAbstract && t.GetConstructor([]) is not null)
            .SelectMany(t => t.GetProperties().Where(p => p.CanWrite && (Nullable.GetUnderlyingType(p.PropertyType) ?? p.PropertyType) is { } type && (type == typeof(double) || type == typeof(int)))
                .Select(p => (Type: t, Option: p.Name)));
        // What two objectives inherit is tried once.
        var missing = numbers.Where(n => n != (typeof(DavidsonDpo), "Beta")
            && !Wrong.Any(w => w.Message.Contains($": {n.Option} is ", StringComparison.Ordinal) && w.Make.Method.DeclaringType is not null && Tries(w, n.Type))).ToArray();
        Assert.Empty(missing);
    }

    private static bool Tries((Func<object> Make, string Message) wrong, Type type)
    {
        var instance = Activator.CreateInstance(type)!;
        var name = type.GetProperty("Name")?.GetValue(instance) as string ?? (type == typeof(MovingReference) ? "tr_dpo" : "online_dpo");
        return wrong.Message.StartsWith(name + ": ", StringComparison.Ordinal);
    }
}
