using System.Globalization;
using System.Text;
using Alidade.Core.Recipes;
using Alidade.Training.Catalogue;
using Alidade.Training.Jobs;

namespace Alidade.Cli.Commands;

/// <summary>What <c>alidade train</c> tells before it trains, as lines for a person.</summary>
internal static class TrainText
{
    private const int Width = 100;

    /// <summary>The list of objectives: a line each.</summary>
    public static string All(IReadOnlyList<ObjectiveListing> objectives)
    {
        var text = new StringBuilder();
        var width = objectives.Max(o => o.Name.Length);
        foreach (var heading in objectives.GroupBy(o => o.Heading))
        {
            text.AppendLine(heading.Key);
            foreach (var o in heading)
                text.AppendLine($"  {o.Name.PadRight(width)}  {FirstSentence(o.Summary)}");
        }

        text.AppendLine("known by other names");
        var wide = OtherNames.All.Max(o => o.Name.Length);
        foreach (var other in OtherNames.All)
            text.AppendLine($"  {other.Name.PadRight(wide)}  {other.Where}");
        return text.Append("all about one: alidade train --list OBJECTIVE").ToString();
    }

    /// <summary>One objective, with everything that can be set.</summary>
    public static string One(ObjectiveListing o)
    {
        var text = new StringBuilder();
        Wrap(text, "", $"{o.Name} ({o.Heading}): {o.Summary}");
        if (o.Source.Length > 0)
            Wrap(text, "  ", $"source: {o.Source}");
        Wrap(text, "  ", $"data: {o.Data}");
        Keys(text, "options", o.Options);
        Keys(text, "settings of the training", o.Settings);
        return text.Append("to set one: --set KEY=VALUE, or as a key of a recipe; the last part of a key is enough where it is unambiguous").ToString();
    }

    /// <summary>The plan of a training.</summary>
    public static string Forecast(TrainingForecast f)
    {
        var text = new StringBuilder();
        void Line(FormattableString line) => text.AppendLine(line.ToString(CultureInfo.InvariantCulture));
        Line($"{f.Objective} on {f.Model}: {(f.IsAdapter ? "an adapter of" : "all")} {f.TrainedWeights:n0} weights");
        Line($"rows      {f.Rows:n0} to train on, {f.HeldOutRows:n0} held out, {f.Dropped.Values.Sum():n0} dropped, {f.Truncated:n0} cut to the maximum length ({f.File})");
        foreach (var (reason, count) in f.Dropped.OrderByDescending(d => d.Value))
            Line($"          dropped {count:n0}: {reason}");
        foreach (var (what, count) in f.Noted)
            Line($"          kept {count:n0}: {what}");
        if (f.AnswersBeyondContext > 0)
            Line($"          {f.AnswersBeyondContext:n0} leave answers less than rollouts.max_new_tokens: the model's context ends before");
        if (f.WithoutEnd > 0)
            Line($"          {f.WithoutEnd:n0} never show the model how an answer ends");
        Line($"tokens    {f.Tokens:n0} a pass, {(f.LearnsFromRewards ? "all of them prompts" : string.Create(CultureInfo.InvariantCulture, $"{f.ScoredTokens:n0} of them learned"))}; the longest row has {f.LongestRow:n0}");
        Line($"updates   {(f.Members > 1 ? $"{f.Members} × " : "")}{(f.InRounds ? "at most " : "")}{f.Updates:n0} of {f.RowsPerUpdate:n0} {(f.LearnsFromRewards ? "answers" : "rows")}, {f.Passes:0.##} {(f.Passes == 1 ? "pass" : "passes")}, learning rate {f.LearningRate:g3}");
        Line($"memory    {Size(f.Memory.Total)}: weights {Size(f.Memory.Weights)}, gradients {Size(f.Memory.Gradients)}, moments {Size(f.Memory.Moments)}, activations {Size(f.Memory.Activations)}");
        Line($"          activations are estimated: {f.Memory.How}");
        if (f.Choice.Why is { } why)
            Line($"          {why}");
        if (f.Memory.MeasuredPeak is { } peak)
            Line($"          this process had {Size(peak)} at most while it measured a step of typical rows");
        if (f is { SecondsPerUpdate: { } each, Seconds: { } all })
            Line($"time      {TimeSpan.FromSeconds(Math.Min(1e9, Math.Ceiling(all))):c} at {each:g3} s an update, sampling included, measured on two rollouts; evaluation, samples and checkpoints come on top");
        if (f is { TokensPerSecond: { } speed, Seconds: { } seconds })
            Line($"time      {TimeSpan.FromSeconds(Math.Min(1e9, Math.Ceiling(seconds))):c} at {speed:n0} tokens/s, measured on one micro-batch of typical rows; evaluation, samples and checkpoints come on top");
        if (f.Seconds is null)
            Line($"time      not measured: {(f.InRounds ? "what a round learns is found when its answers have been judged" : "the answers of the measured rollouts taught nothing, so no update was made")}");
        return text.ToString();
    }

    private static void Keys(StringBuilder text, string title, IReadOnlyList<RecipeKey> keys)
    {
        if (keys.Count == 0)
            return;
        text.AppendLine(title);
        foreach (var key in keys)
        {
            text.AppendLine($"  {key.Key}: {key.Type}{(key.Default.Length == 0 ? "" : $" [{key.Default}]")}");
            Wrap(text, "      ", key.Description);
            foreach (var (value, meaning) in key.Values)
                Wrap(text, "        ", $"{value}: {meaning}");
        }
    }

    private static void Wrap(StringBuilder text, string indent, string words)
    {
        var line = new StringBuilder(indent);
        foreach (var word in words.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Length > indent.Length && line.Length + word.Length + 1 > Width)
            {
                text.AppendLine(line.ToString());
                line.Clear().Append(indent).Append(indent.Length == 0 ? "  " : "");
            }

            line.Append(line.ToString().Trim().Length == 0 ? "" : " ").Append(word);
        }

        if (line.ToString().Trim().Length > 0)
            text.AppendLine(line.ToString());
    }

    private static string FirstSentence(string text)
    {
        var end = text.IndexOf(": ", StringComparison.Ordinal) is > 0 and var colon ? colon : text.IndexOf(". ", StringComparison.Ordinal) is > 0 and var stop ? stop : text.Length;
        return text[..end].TrimEnd('.');
    }

    private static string Size(long bytes) => bytes < 100_000_000
        ? string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.#} MB")
        : string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:0.##} GB");
}
