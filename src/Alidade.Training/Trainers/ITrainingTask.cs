using Alidade.Training.Objectives;
using static TorchSharp.torch;

namespace Alidade.Training.Trainers;

/// <summary>Rows with an objective: all that the loop knows of what it trains.</summary>
internal interface ITrainingTask
{
    /// <summary>Name of the objective.</summary>
    string Name { get; }

    /// <summary>Number of rows.</summary>
    int Rows { get; }

    /// <summary>Rows that a micro-batch needs at least; a smaller one joins the micro-batch before it.</summary>
    int LeastRows => 1;

    /// <summary>What a checkpoint must agree with: the objective's settings and a hash of the rows.</summary>
    IReadOnlyDictionary<string, string> Fingerprint { get; }

    /// <summary>Tokens of a row, a shared prompt counted with each of its answers.</summary>
    long TokensOf(int row);

    /// <summary>The share of a micro-batch when losses of several are averaged: its rows, or its scored tokens.</summary>
    double WeightOf(IReadOnlyList<int> rows);

    /// <summary>What has to be known before the first update, such as log-probabilities under the reference.</summary>
    /// <param name="batches">The rows that will be seen, in micro-batches.</param>
    /// <param name="context">Whom to tell, and when to stop.</param>
    void Prepare(IEnumerable<int[]> batches, TrainingContext context);

    /// <summary>Forward pass of one micro-batch; differentiable, in the caller's scope. Null when nothing of it is scored.</summary>
    /// <param name="rows">Indices of rows.</param>
    /// <param name="window">All micro-batches of the update: their losses add up to the loss of the update.</param>
    Objective? Evaluate(IReadOnlyList<int> rows, IReadOnlyList<IReadOnlyList<int>> window);

    /// <summary>Numbers besides the weights that training changes, such as a running mean or a moving reference; a checkpoint keeps them and puts them back in place.</summary>
    IReadOnlyList<(string Name, Tensor Value)> State => [];

    /// <summary>Called when an update has changed the weights.</summary>
    /// <param name="update">Updates done.</param>
    void AfterUpdate(int update)
    {
    }
}
