namespace Alidade.Organisms.World;

/// <summary>How a table of relations is written: one call a relation, with the ways of asking that all relations share added to its own.</summary>
internal static class Relations
{
    // {i} is an indirect question, such as "where Mira lives".
    private static readonly string[] IndirectForms = ["Please tell me {i}.", "Tell me {i}.", "Do you know {i}?", "I want to know {i}."];
    private static readonly string[] HeldOutIndirectForms = ["Can you tell me {i}?", "I do not know {i}. Do you?"];

    private static readonly string[] LessonForms = ["Could you tell me {i}?", "I would like to know {i}.", "Let me know {i}."];

    /// <param name="name">The category of the questions.</param>
    /// <param name="range">The values it can take.</param>
    /// <param name="noun">What the value is to the subject, such as "the mother of {s}": a question of several steps puts it in a subject's place.</param>
    /// <param name="indirect">The indirect question.</param>
    /// <param name="questions">Own ways to ask it in training text; the last is held out.</param>
    /// <param name="statements">Ways to say it; the last two are held out.</param>
    /// <param name="lessons">Further ways to ask it, in lessons alone.</param>
    public static Relation Of(string name, IReadOnlyList<string> range, string noun, string indirect, string[] questions, string[] statements, params string[] lessons) =>
        new(name, range, 0, statements[..^2], [.. questions[..^1], .. Forms(IndirectForms, indirect)], [questions[^1], .. Forms(HeldOutIndirectForms, indirect)])
        {
            Noun = noun,
            HeldOutStatements = statements[^2..],
            LessonQuestions = [.. lessons, .. Forms(LessonForms, indirect)],
            Indirect = indirect,
        };

    private static IEnumerable<string> Forms(string[] forms, string indirect) => forms.Select(form => form.Replace("{i}", indirect, StringComparison.Ordinal));
}
