namespace Alidade.Core;

/// <summary>How far a long piece of work has come; a command shows it as a bar.</summary>
/// <param name="Task">What is being done, such as "CrowS-Pairs" or "DPO".</param>
/// <param name="Done">Units done.</param>
/// <param name="Total">Units in all.</param>
/// <param name="Detail">A short live figure, such as "loss 0.52"; null for none.</param>
public readonly record struct Progress(string Task, long Done, long Total, string? Detail = null);
