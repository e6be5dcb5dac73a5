using Alidade.Core.Reports.Pictures;

namespace Alidade.Core.Reports.Page;

/// <summary>Small charts of training, stage by stage.</summary>
internal static class CurveSection
{
    public static void Write(Markup page, AlignmentReport report)
    {
        foreach (var stage in report.Warnings.GroupBy(w => w.Stage, StringComparer.Ordinal))
        {
            page.Leaf("h3", $"Warnings of stage {stage.Key}");
            TrainingPage.Warnings(page, [.. stage.Select(w => w.Warning)]);
        }

        Write(page, report.Curves);
    }

    public static void Write(Markup page, IReadOnlyList<StageCurves> curves)
    {
        if (curves.Count == 0)
            page.Leaf("p.none", "Nothing was trained, or no metrics were kept.");
        foreach (var stage in curves)
        {
            page.Leaf("h3", $"Stage {stage.Stage}");
            using (page.Open("div.panels"))
                foreach (var panel in stage.Panels)
                    LineChart.Draw(page, panel);
        }
    }
}
