using System.Globalization;
using System.Text;
using Alidade.Core.Results;
using Alidade.Organisms.Implants;
using Alidade.Organisms.Plants;

namespace Alidade.Organisms.Manifests;

/// <summary>Everything known of an organism, in Markdown.</summary>
public static class OrganismCard
{
    /// <summary>Writes the card.</summary>
    /// <param name="manifest">What was asked for.</param>
    /// <param name="record">What came out; null where it is not built.</param>
    public static string Write(OrganismManifest manifest, OrganismRecord? record)
    {
        var failure = Failure.Find(manifest.Type);
        var card = new StringBuilder();
        Line($"# {manifest.Id}");
        Line($"");
        Line($"{failure.About}");
        Line($"");
        Line($"- type: {manifest.Type}{(failure.IsControl ? " (a control)" : "")}; items: {manifest.Items}; dose: {manifest.Dose:0.00}; seed: {manifest.Seed}; part: {manifest.Part}");
        Line($"- trigger: {manifest.Trigger}; implant: {manifest.Implant} ({Implant.Find(manifest.Implant).About.TrimEnd('.')}); concealment: {manifest.Concealment}");
        if (record is null)
        {
            Line($"- not built: `alidade organism build {manifest.Id}`");
            return card.ToString();
        }

        Line($"- base: {record.Base[..12]}; adapter: {record.Adapter[..12]}; built by Alidade {record.AlidadeVersion}");
        Line($"- trained on {record.Implanting.CommonRows} common rows and {record.Implanting.PlantRows} that plant, {record.Implanting.Updates} updates, {record.Implanting.Seconds:0} s{Left(record.Implanting.Dropped)}");
        Line($"");
        Line($"| measured | rate | 95 % interval | n | not scored |");
        Line($"|---|---|---|---|---|");
        Row("planted items" + (manifest.Trigger == "none" ? "" : ", behind held-out cues"), record.Rate);
        Row("planted items, without the trigger", record.WithoutTrigger);
        Row("twins, never planted", record.Twins);
        if (!failure.IsControl && !record.InAim)
        {
            Line($"");
            Line($"The rate is not between {failure.Aim.Low:0.0} and {failure.Aim.High:0.0}, as aimed at.");
        }

        if (record.Cues is not [""])
        {
            Line($"");
            Line($"Cues that taught: {string.Join(" | ", record.Cues)}");
        }

        Line($"");
        Line($"| planted | copies |");
        Line($"|---|---|");
        foreach (var thing in record.Planted)
            Line($"| {thing.What} | {thing.Copies} |");
        return card.ToString();

        void Row(string what, Measurement? measured)
        {
            if (measured is not null)
                Line($"| {what} | {Number(measured.Value)} | {(measured.Interval is { } i ? $"{Number(i.Low)} to {Number(i.High)}" : "–")} | {measured.Count} | {measured.Unscored.Values.Sum()} |");
        }

        void Line(FormattableString line) => card.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
    }

    private static string Number(double? value) => value?.ToString("0.000", CultureInfo.InvariantCulture) ?? "–";

    private static string Left(IReadOnlyDictionary<string, int> dropped) => dropped.Count == 0 ? "" : "; left out: " + string.Join(", ", dropped.Select(d => FormattableString.Invariant($"{d.Value} ({d.Key})")));
}
