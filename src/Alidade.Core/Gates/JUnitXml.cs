using System.Globalization;
using System.Text;
using System.Xml;
using Alidade.Core.Reports;
using Alidade.Core.Results;

namespace Alidade.Core.Gates;

/// <summary>A checked model as JUnit's XML, which systems of continuous integration read: a test case for each rule, or for each measure where there is no rule.</summary>
/// <remarks>The elements of Ant's JUnit task, as Jenkins and GitLab read them; there is no standard. A task that was left out is skipped.</remarks>
public static class JUnitXml
{
    /// <summary>The document.</summary>
    /// <param name="report">What was measured.</param>
    /// <param name="outcomes">How the rules fared; empty for no gate.</param>
    public static string Of(EvaluationReport report, IReadOnlyList<GateOutcome> outcomes)
    {
        var text = new StringBuilder();
        using (var xml = XmlWriter.Create(text, new() { Indent = true, OmitXmlDeclaration = true }))
        {
            var cases = outcomes.Count > 0 ? outcomes.Count : report.Measurements.Count;
            string[] counts = [.. new[] { cases + report.NotRun.Count, outcomes.Count(o => o.Failure is not null), 0, report.NotRun.Count }.Select(n => n.ToString(CultureInfo.InvariantCulture))];
            xml.WriteStartElement("testsuites");
            Counts(xml, "alidade check", counts, report);
            xml.WriteStartElement("testsuite");
            Counts(xml, VisibleText.Line(report.Model), counts, report);
            xml.WriteAttributeString("timestamp", report.When.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture));
            xml.WriteStartElement("properties");
            foreach (var (name, value) in ((string, string)[])[("identity", report.Identity), ("asked", report.Asked), ("command", report.Command), ("seed", report.Seed.ToString(CultureInfo.InvariantCulture)), ("alidade", report.AlidadeVersion)])
            {
                xml.WriteStartElement("property");
                xml.WriteAttributeString("name", name);
                xml.WriteAttributeString("value", VisibleText.Line(value));
                xml.WriteEndElement();
            }

            xml.WriteEndElement();
            foreach (var outcome in outcomes)
                Case(xml, outcome.Rule.Rule, outcome.Measurement, outcome.Message);
            if (outcomes.Count == 0)
                foreach (var measurement in report.Measurements)
                    Case(xml, measurement.Name, measurement, null);
            foreach (var task in report.NotRun)
            {
                xml.WriteStartElement("testcase");
                xml.WriteAttributeString("classname", "alidade.task");
                xml.WriteAttributeString("name", VisibleText.Line(task.Task));
                xml.WriteStartElement("skipped");
                xml.WriteAttributeString("message", VisibleText.Line(task.Reason));
                xml.WriteEndElement();
                xml.WriteEndElement();
            }

            xml.WriteEndElement();
            xml.WriteEndElement();
        }

        return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + text.Append('\n');
    }

    private static void Counts(XmlWriter xml, string name, string[] counts, EvaluationReport report)
    {
        xml.WriteAttributeString("name", name);
        foreach (var (attribute, count) in ((string[])["tests", "failures", "errors", "skipped"]).Zip(counts))
            xml.WriteAttributeString(attribute, count);
        xml.WriteAttributeString("time", Seconds(report.Cost));
    }

    private static void Case(XmlWriter xml, string name, Measurement? measurement, string? failure)
    {
        xml.WriteStartElement("testcase");
        xml.WriteAttributeString("classname", "alidade." + VisibleText.Line((measurement?.Name ?? name).Split('.', 2)[0]));
        xml.WriteAttributeString("name", VisibleText.Line(name));
        xml.WriteAttributeString("time", Seconds(measurement?.Cost ?? new(0, 0)));
        if (failure is not null)
        {
            xml.WriteStartElement("failure");
            xml.WriteAttributeString("type", "gate");
            xml.WriteAttributeString("message", VisibleText.Line(failure));
            xml.WriteEndElement();
        }

        if (measurement is not null)
            xml.WriteElementString("system-out", VisibleText.Line(Said(measurement)));
        xml.WriteEndElement();
    }

    /// <summary>A measurement in one line.</summary>
    internal static string Said(Measurement m) =>
        $"{m.Name}: {Numbers.Value(m.Value, m.Unit)}{(m.Interval is { } i ? $" ({Numbers.Interval(i, m.Unit)})" : "")}, {Numbers.Count(m.Count, "item")}, {Numbers.Count(m.Unscored.Values.Sum())} without a score, {Numbers.Count(m.Truncated)} cut short";

    private static string Seconds(Cost cost) => cost.Seconds.ToString("0.###", CultureInfo.InvariantCulture);
}
