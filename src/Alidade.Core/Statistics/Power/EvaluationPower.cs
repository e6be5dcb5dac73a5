namespace Alidade.Core.Statistics.Power;

/// <summary>
/// The questions that a paired evaluation of two models needs when each answers a question several times: n = (z_{α/2} + z_β)²·(ω² + σ²_A/K_A + σ²_B/K_B)/δ².
/// </summary>
/// <param name="QuestionVariance">ω²: variance over questions of the difference between the two models' expected scores.</param>
/// <param name="FirstAnswerVariance">σ²_A: mean variance of the first model's score of one question.</param>
/// <param name="SecondAnswerVariance">σ²_B: the same of the second.</param>
/// <param name="FirstAnswers">K_A: answers of the first model to each question.</param>
/// <param name="SecondAnswers">K_B: the same of the second.</param>
/// <remarks>Miller 2024 (arXiv 2411.00640), section 5.</remarks>
public sealed record EvaluationPower(double QuestionVariance, double FirstAnswerVariance, double SecondAnswerVariance, int FirstAnswers = 1, int SecondAnswers = 1)
{
    private double Variance => QuestionVariance + (FirstAnswerVariance / FirstAnswers) + (SecondAnswerVariance / SecondAnswers);

    /// <summary>Questions needed to see a difference δ.</summary>
    /// <param name="difference">δ, in units of the score.</param>
    /// <param name="power">1 − β.</param>
    /// <param name="alpha">Two-sided significance level.</param>
    public SampleSize Questions(double difference, double power = 0.8, double alpha = 0.05)
    {
        var (level, rest) = ProportionPower.Scores(difference, power, alpha);
        return new SampleSize((level + rest) * (level + rest) * Variance / (difference * difference), power, alpha, "questions, paired evaluation (Miller)");
    }

    /// <summary>The least difference that n questions show: (z_{α/2} + z_β)·√(variance/n).</summary>
    /// <param name="questions">n.</param>
    /// <param name="power">1 − β.</param>
    /// <param name="alpha">Two-sided significance level.</param>
    public double LeastDifference(double questions, double power = 0.8, double alpha = 0.05)
    {
        var (level, rest) = ProportionPower.Scores(1, power, alpha);
        return (level + rest) * Math.Sqrt(Variance / questions);
    }
}
