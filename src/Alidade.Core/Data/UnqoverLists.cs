namespace Alidade.Core.Data;

/// <summary>A subject of UNQOVER in its forms.</summary>
/// <param name="Cluster">Its class, such as "female"; "None" where the list gives none.</param>
/// <param name="Forms">Texts by form: "[subj]" always, "[subj:dem]" the demonym where the list has one.</param>
public sealed record UnqoverSubject(string Cluster, IReadOnlyDictionary<string, string> Forms)
{
    /// <summary>The plain form.</summary>
    public string Name => Forms["[subj]"];
}

/// <summary>An attribute or activity of UNQOVER in its forms.</summary>
/// <param name="Type">The slot it fills, such as "[p_act]" or "[p_act-single]".</param>
/// <param name="Cluster">Its class, such as "rude"; "None" where the list gives none.</param>
/// <param name="Unique">What it is called in results: the text of the plain slot.</param>
/// <param name="Forms">Texts by form: the type itself and its negation, such as "[p_act:neg]".</param>
public sealed record UnqoverActivity(string Type, string Cluster, string Unique, IReadOnlyDictionary<string, string> Forms);

/// <summary>A template: a context with two subjects and a question with its negation.</summary>
/// <param name="Context">With slots such as "[subj1]" and "[subj2:dem]".</param>
/// <param name="Question">With an activity's slot, for masked models also "[mask]".</param>
/// <param name="Negated">The negated question.</param>
public sealed record UnqoverSlot(string Context, string Question, string Negated);

/// <summary>An under-specified question of UNQOVER: nothing in the context tells the answer.</summary>
/// <param name="Id">Template, activity and the two subjects in their order.</param>
/// <param name="Template">Number of the template.</param>
/// <param name="Activity">The activity's unique name.</param>
/// <param name="First">Name of the subject that the context names first.</param>
/// <param name="Second">Name of the other.</param>
/// <param name="FirstAnswer">The first subject as the context writes it.</param>
/// <param name="SecondAnswer">The second subject as the context writes it.</param>
/// <param name="Context">The context.</param>
/// <param name="Question">The question.</param>
/// <param name="Negated">The negated question.</param>
public sealed record UnqoverQuestion(
    string Id, int Template, string Activity, string First, string Second, string FirstAnswer, string SecondAnswer, string Context, string Question, string Negated) : IDataRow
{
    /// <inheritdoc/>
    public string Group => $"{Template}|{Activity}";
}

/// <summary>Reads the word lists of UNQOVER and makes its questions. Lines that begin with # are comments; a class name may stand before a text, with | between.</summary>
/// <remarks>Li et al. 2020 (arXiv 2010.02428); expansion as <c>templates/</c> of the authors.</remarks>
public static class UnqoverLists
{
    /// <summary>Reads subjects. The forms of a list are aligned by their order.</summary>
    /// <exception cref="AlidadeException">A line has no slot type, or the forms are not aligned.</exception>
    public static IReadOnlyList<UnqoverSubject> ReadSubjects(string path)
    {
        var forms = Typed(path);
        var count = forms.GetValueOrDefault("[subj]")?.Count ?? throw new AlidadeException($"{path}: has no line '[subj] …'");
        if (forms.FirstOrDefault(f => f.Value.Count != count) is { Key: { } uneven })
            throw new AlidadeException($"{path}: has {count} lines '[subj]' but {forms[uneven].Count} lines '{uneven}'; they are aligned by their order");
        return [.. Enumerable.Range(0, count).Select(i => new UnqoverSubject(forms["[subj]"][i].Cluster, forms.ToDictionary(f => f.Key, f => f.Value[i].Text, StringComparer.Ordinal)))];
    }

    /// <summary>Reads activities of all types of a list.</summary>
    /// <exception cref="AlidadeException">A line has no slot type, or a type and its negation are not aligned.</exception>
    public static IReadOnlyList<UnqoverActivity> ReadActivities(string path)
    {
        var forms = Typed(path);
        var activities = new List<UnqoverActivity>();
        foreach (var type in forms.Keys.Where(k => !k.Contains(':', StringComparison.Ordinal)))
        {
            var own = forms.Where(f => f.Key == type || f.Key.StartsWith(type[..^1] + ":", StringComparison.Ordinal)).ToArray();
            var unique = forms.GetValueOrDefault(type.Split('-')[0].TrimEnd(']') + "]") ?? forms[type];
            if (own.Any(f => f.Value.Count != forms[type].Count) || unique.Count < forms[type].Count)
                throw new AlidadeException($"{path}: the lines '{type}' and their negations or plain forms differ in number; they are aligned by their order");
            for (var i = 0; i < forms[type].Count; i++)
                activities.Add(new(type, own[^1].Value[i].Cluster, unique[i].Text, own.ToDictionary(f => f.Key, f => f.Value[i].Text, StringComparer.Ordinal)));
        }

        return activities;
    }

    /// <summary>Reads templates: context, question and negated question between tabs.</summary>
    /// <exception cref="AlidadeException">A line does not have three parts.</exception>
    public static IReadOnlyList<UnqoverSlot> ReadSlots(string path) => [.. Lines(path).Select(row => row.Text.Split('\t') is [var context, var question, var negated]
        ? new UnqoverSlot(context, question, negated)
        : throw new AlidadeException($"{path}:{row.Line}: a template is a context, a question and a negated question with tabs between"))];

    /// <summary>Every ordered pair of different subjects of one list.</summary>
    public static IEnumerable<(UnqoverSubject First, UnqoverSubject Second)> Pairs(IReadOnlyList<UnqoverSubject> subjects) =>
        from first in subjects from second in subjects where first.Name != second.Name select (first, second);

    /// <summary>Every ordered pair across two lists, such as women and men.</summary>
    public static IEnumerable<(UnqoverSubject First, UnqoverSubject Second)> Pairs(IReadOnlyList<UnqoverSubject> these, IReadOnlyList<UnqoverSubject> those) =>
        these.SelectMany(a => those.SelectMany(b => new[] { (a, b), (b, a) }));

    /// <summary>Fills every template that takes the activity; "a" before a vowel becomes "an".</summary>
    /// <param name="slots">Templates.</param>
    /// <param name="pairs">Ordered pairs; both orders are needed for the scores.</param>
    /// <param name="activities">Activities.</param>
    /// <param name="mask">What stands for [mask] in the templates for masked models.</param>
    /// <exception cref="AlidadeException">A template asks for a form that a subject does not have.</exception>
    public static IEnumerable<UnqoverQuestion> Questions(IReadOnlyList<UnqoverSlot> slots, IEnumerable<(UnqoverSubject First, UnqoverSubject Second)> pairs,
        IReadOnlyList<UnqoverActivity> activities, string mask = "[MASK]")
    {
        foreach (var (first, second) in pairs)
            for (var t = 0; t < slots.Count; t++)
                foreach (var activity in activities.Where(a => Takes(slots[t], a.Type)))
                {
                    var (context, firstAnswer) = Put(slots[t].Context, "subj1", first);
                    (context, var secondAnswer) = Put(context, "subj2", second);
                    yield return new($"unqover-{t}|{activity.Unique}|{first.Name}|{second.Name}", t, activity.Unique, first.Name, second.Name, firstAnswer, secondAnswer,
                        Articles(context), Articles(Fill(slots[t].Question)), Articles(Fill(slots[t].Negated)));

                    string Fill(string question) => activity.Forms.Aggregate(question, (q, form) => q.Replace(form.Key, form.Value, StringComparison.Ordinal))
                        .Replace("[mask]", mask, StringComparison.Ordinal);
                }
    }

    private static bool Takes(UnqoverSlot slot, string type) =>
        slot.Question.Contains(type, StringComparison.Ordinal) || slot.Question.Contains(type[..^1] + ":", StringComparison.Ordinal);

    private static (string Text, string Answer) Put(string context, string place, UnqoverSubject subject)
    {
        foreach (var (form, text) in subject.Forms)
            if (form.Replace("subj", place, StringComparison.Ordinal) is var slot && context.Contains(slot, StringComparison.Ordinal))
                return (context.Replace(slot, text, StringComparison.Ordinal), text);
        throw new AlidadeException($"the template '{context}' has no slot '[{place}]' in a form that the subject '{subject.Name}' has ({string.Join(", ", subject.Forms.Keys)})");
    }

    private static string Articles(string text)
    {
        var words = text.Split(' ');
        for (var i = 1; i < words.Length; i++)
            if (words[i].Length > 0 && "aeiou".Contains(char.ToLowerInvariant(words[i][0]), StringComparison.Ordinal) && words[i - 1] is "a" or "A")
                words[i - 1] += "n";
        return string.Join(' ', words);
    }

    private static Dictionary<string, List<(string Cluster, string Text)>> Typed(string path)
    {
        var forms = new Dictionary<string, List<(string, string)>>(StringComparer.Ordinal);
        foreach (var (text, line) in Lines(path))
        {
            var end = text.IndexOf(']', StringComparison.Ordinal);
            if (text[0] != '[' || end < 0)
                throw new AlidadeException($"{path}:{line}: does not begin with a slot such as [subj] or [p_act]");
            if (!forms.TryGetValue(text[..(end + 1)], out var list))
                forms.Add(text[..(end + 1)], list = []);
            list.Add(text[(end + 1)..].Split('|', StringSplitOptions.TrimEntries) switch
            {
                [var only] => ("None", only),
                [var cluster, var value] => (cluster, value),
                _ => throw new AlidadeException($"{path}:{line}: has more than one '|'"),
            });
        }

        return forms;
    }

    private static IEnumerable<(string Text, int Line)> Lines(string path) => RowFile.ReadLines(path).Select(read => read()).Select(row => (row.Text("text").Trim(), row.Line))
        .Where(l => l.Item1[0] != '#');
}
