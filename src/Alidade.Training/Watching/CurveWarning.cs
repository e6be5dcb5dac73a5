namespace Alidade.Training.Watching;

/// <summary>A sign of a known silent failure in a curve.</summary>
/// <param name="Name">Name of the watch that saw it.</param>
/// <param name="Update">The first update at which it was to be seen.</param>
/// <param name="Message">What was seen, with its numbers, and what to do.</param>
/// <param name="Source">Where the failure and its threshold are described.</param>
public sealed record CurveWarning(string Name, int Update, string Message, string Source);
