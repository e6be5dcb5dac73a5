using System.Globalization;
using Alidade.Core;
using Spectre.Console;

namespace Alidade.Cli.Terminal;

/// <summary>Shows how far long work has come on the error stream: bars in a terminal, a line each ten seconds elsewhere.</summary>
internal static class ProgressBars
{
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(10);

    /// <summary>Runs work with a place to report to.</summary>
    public static T While<T>(Func<IProgress<Core.Progress>, T> work) => While((progress, _) => work(progress));

    /// <summary>Runs work with a place to report to, and a place for lines that stay above the bars.</summary>
    public static T While<T>(Func<IProgress<Core.Progress>, Action<string>, T> work)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        if (Console.IsErrorRedirected)
            return work(new Lines(), Console.Error.WriteLine);
        return console.Progress().AutoClear(false).HideCompleted(false)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .Start(context => work(new Bars(context), console.WriteLine));
    }

    private static string Text(Core.Progress step) => step.Detail is null ? step.Task : $"{step.Task}  {step.Detail}";

    private sealed class Bars(ProgressContext context) : IProgress<Core.Progress>
    {
        private readonly Dictionary<string, ProgressTask> tasks = new(StringComparer.Ordinal);

        public void Report(Core.Progress value)
        {
            if (!tasks.TryGetValue(value.Task, out var task))
                tasks[value.Task] = task = context.AddTask(Markup.Escape(value.Task), maxValue: Math.Max(1, value.Total));
            task.MaxValue = Math.Max(1, value.Total);
            task.Value = value.Done;
            task.Description = Markup.Escape(Text(value));
        }
    }

    private sealed class Lines : IProgress<Core.Progress>
    {
        private readonly long started = TimeProvider.System.GetTimestamp();
        private readonly HashSet<string> finished = new(StringComparer.Ordinal);
        private long last;

        public void Report(Core.Progress value)
        {
            // What is finished again and again, such as the sampling of every rollout, is told once and then as any other step.
            var isNews = value.Done >= value.Total && finished.Add(value.Task);
            if (!isNews && TimeProvider.System.GetElapsedTime(last) < Between)
                return;
            last = TimeProvider.System.GetTimestamp();
            var seconds = TimeProvider.System.GetElapsedTime(started).TotalSeconds;
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"[{seconds,6:f0} s] {Text(value)}: {value.Done} of {value.Total}"));
        }
    }
}
