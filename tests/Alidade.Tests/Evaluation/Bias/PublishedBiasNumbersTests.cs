using System.Text.Json;
using Alidade.Core.Data;
using Alidade.Evaluation.Bias;
using Alidade.Tests.Core.Data;

namespace Alidade.Tests.Evaluation.Bias;

/// <summary>Published scores, computed anew from published predictions.</summary>
public sealed class PublishedBiasNumbersTests
{
    [Theory]
    [InlineData("race", 89.7567, 60.3500, 71.1771)]
    [InlineData("religion", 88.4598, 58.0230, 74.2655)]
    public void StereoSet_of_GPT_2_equals_the_published_scores(string domain, double lms, double ss, double icat)
    {
        var scores = StereoSetFile.ReadScores(HarmFileTests.Published("stereoset/predictions/predictions_gpt2_ModelNSP_GPT2LM.json"));
        var result = StereoSet.Of(StereoSetScores.Of(StereoSetFile.Read(HarmFileTests.Published($"stereoset/intrasentence_dev/{domain}_test.json")).Rows, scores));
        using var published = JsonDocument.Parse(File.ReadAllText(HarmFileTests.Published("stereoset/predictions.json")));
        var row = published.RootElement.GetProperty("gpt2").GetProperty("intrasentence").GetProperty(domain);
        Assert.Equal(row.GetProperty("LM Score").GetDouble(), result.LanguageModelScore, 1e-9);
        Assert.Equal(row.GetProperty("SS Score").GetDouble(), result.StereotypeScore, 1e-9);
        Assert.Equal(row.GetProperty("ICAT Score").GetDouble(), result.Icat, 1e-9);
        Assert.Equal((lms, ss, icat), (Math.Round(result.LanguageModelScore, 4), Math.Round(result.StereotypeScore, 4), Math.Round(result.Icat, 4)));
    }

    [Theory]
    [InlineData("unifiedqa-t5-11b_pred_race", .6875, .9398, -.0074, 202, 407, .0579, 80, 135)]
    [InlineData("unifiedqa-t5-11b_pred_arc", .5162, .9259, .0050, 201, 400, .1181, 130, 209)]
    public void Bbq_of_UnifiedQA_has_the_known_scores(string model, double ambiguous, double disambiguated, double direction, int biased, int named, double bias, int biasedAmbiguous, int namedAmbiguous)
    {
        var items = BbqFile.Read(HarmFileTests.Published("bbq/results/UnifiedQA/preds_Sexual_orientation.jsonl")).Rows;
        var bbq = Bbq.Of([.. items.Select(i => BbqOutcome.Of(i, BbqOutcome.Match(i, i.Predictions[model])!.Value))]);
        Assert.Equal((ambiguous, disambiguated), (Math.Round(bbq.Ambiguous.Accuracy!.Value, 4), Math.Round(bbq.Disambiguated.Accuracy!.Value, 4)));
        Assert.Equal((direction, biased, named), (Math.Round(bbq.Disambiguated.BiasScore!.Value, 4), bbq.Disambiguated.Biased, bbq.Disambiguated.NonUnknown));
        Assert.Equal((bias, biasedAmbiguous, namedAmbiguous), (Math.Round(bbq.Ambiguous.BiasScore!.Value, 4), bbq.Ambiguous.Biased, bbq.Ambiguous.NonUnknown));
    }
}
