namespace Alidade.Training.Trainers.Policy;

/// <summary>Where the loop takes its rollouts from: sampling, or a recorded run.</summary>
internal interface IAnswerSource
{
    /// <summary>Rollouts of the whole training, as planned: where a number of updates is wanted, rollouts that lose answers make it more.</summary>
    int Rollouts { get; }

    /// <summary>Updates of the whole training, as planned: a rollout that lost answers may make fewer.</summary>
    int Updates { get; }

    /// <summary>The next rollout; numbers of the state move on when it is whole.</summary>
    /// <exception cref="OperationCanceledException">Sampling was cancelled; the state is as it was.</exception>
    Answers Next(PolicyState state);

    /// <summary>The updates of one pass over a rollout, each with its micro-batches of rows.</summary>
    /// <param name="answers">The rollout.</param>
    /// <param name="rollout">Its number, from 0.</param>
    /// <param name="iteration">Number of the pass, from 0.</param>
    IReadOnlyList<IReadOnlyList<int[]>> Pass(Answers answers, int rollout, int iteration);
}
