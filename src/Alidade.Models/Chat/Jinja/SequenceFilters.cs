using System.Numerics;

namespace Alidade.Models.Chat.Jinja;

/// <summary>Filters on lists and mappings.</summary>
internal static class SequenceFilters
{
    public static IEnumerable<(string Name, string? Parameters, FilterBody Body)> All { get; } =
    [
        ("length", "", (_, v, _) => new BigInteger(Operators.Length(v))),
        ("list", "", (_, v, _) => new PyList(Operators.ToList(v))),
        ("first", "", (_, v, _) => Operators.Iterate(v).FirstOrDefault(new Undefined("No first item, sequence was empty."))),
        ("last", "", (_, v, _) => v is Generator
            ? throw JinjaException.Type("'generator' object is not reversible")
            : Operators.Iterate(v).LastOrDefault(new Undefined("No last item, sequence was empty."))),
        ("random", "", (e, v, _) => v is PyDict or DictView or Generator ? throw JinjaException.Type("random needs a sequence") : Operators.ToList(v) is { Count: > 0 } items ? items[e.Random.Next(items.Count)] : new Undefined("No random item, sequence was empty.")),
        ("join", "d?, attribute?", Join),
        ("reverse", "", (_, v, _) => v is Str s ? Access.GetItem(s, PySlice.Of(null, null, BigInteger.MinusOne))
            : new Generator(Enumerable.Reverse(Operators.ToList(v)))),
        ("sort", "reverse?, case_sensitive?, attribute?", (_, v, a) =>
            new PyList(Operators.Sort(Operators.ToList(v), Keys(a[2], a.Flag(1)), a.Flag(0)))),
        ("unique", "case_sensitive?, attribute?", (_, v, a) => new Generator(Unique(v, Key(a[1], a.Flag(0))))),
        ("min", "case_sensitive?, attribute?", (_, v, a) => Extreme(v, Key(a[1], a.Flag(0)), largest: false)),
        ("max", "case_sensitive?, attribute?", (_, v, a) => Extreme(v, Key(a[1], a.Flag(0)), largest: true)),
        ("sum", "attribute?, start?", (_, v, a) => Sum(v, a)),
        ("groupby", "attribute, default?, case_sensitive?", (_, v, a) => GroupBy(v, a[0]!, a[1], a.Flag(2))),
        ("batch", "linecount, fill_with?", (_, v, a) => new Generator(Batch(Operators.ToList(v), Positive(a.Int(0, 1)), a[1]))),
        ("slice", "slices, fill_with?", (_, v, a) => new Generator(Slice(Operators.ToList(v), Positive(a.Int(0, 1)), a[1]))),
        ("items", "", (_, v, _) => v switch
        {
            PyDict dict => new Generator(ContainerMethods.Items(dict).Items),
            Undefined => new Generator([]),
            _ => throw JinjaException.Type("Can only get item pairs from a mapping."),
        }),
        ("dictsort", "case_sensitive?, by?, reverse?", (_, v, a) => DictSort(v, a)),
        ("map", null, (e, v, a) => new Generator(Map(e, v, a.All))),
        ("select", null, (e, v, a) => new Generator(Where(v, Condition(e, a.All.Positional, a.All.Named), true))),
        ("reject", null, (e, v, a) => new Generator(Where(v, Condition(e, a.All.Positional, a.All.Named), false))),
        ("selectattr", null, (e, v, a) => new Generator(Where(v, AttributeCondition(e, a.All), true))),
        ("rejectattr", null, (e, v, a) => new Generator(Where(v, AttributeCondition(e, a.All), false))),
    ];

    private static int Positive(int count) => count > 0 ? count : throw JinjaException.Value(FormattableString.Invariant($"expected a number above 0, got {count}"));

    private static object Join(Evaluator evaluator, object value, Bound a)
    {
        var separator = Printing.ToStr(a.Get(0, Str.Empty));
        var texts = Operators.Iterate(value).Select(i => a[1] is { } path and not None ? Access.GetPath(i, path) : i).Select(Printing.ToStr).ToList();
        // With autoescape on, one escaped part makes the others be escaped.
        var markup = evaluator.Autoescape && (separator.IsMarkup || texts.Any(t => t.IsMarkup));
        var builder = new TextBuilder();
        for (var i = 0; i < texts.Count; i++)
        {
            if (i > 0)
                builder.Append(markup ? Printing.Escape(separator) : separator);
            builder.Append(markup ? Printing.Escape(texts[i]) : texts[i]);
        }

        return builder.ToStr(markup);
    }

    // What an item is compared by: itself or an attribute, text without regard to case unless asked.
    private static Func<object, object> Key(object? attribute, bool caseSensitive) => item =>
    {
        var key = attribute is null or None ? item : Access.GetPath(item, attribute);
        return !caseSensitive && key is Str text ? text.Map(CaseMapping.Lower) : key;
    };

    // "a, b" compares by a, then b.
    private static Func<object, object> Keys(object? attribute, bool caseSensitive)
    {
        // Always a list, as the reference compares: two undefined keys in a list are equal, by themselves they have no order.
        var keys = attribute is Str text ? text.Value.Split(',').Select(part => Key(new Str(part), caseSensitive)).ToList() : [Key(attribute, caseSensitive)];
        return item => new PyList([.. keys.Select(key => key(item))]);
    }

    private static IEnumerable<object> Unique(object value, Func<object, object> key)
    {
        var seen = new PyDict();
        foreach (var item in Operators.Iterate(value))
        {
            var k = key(item);
            if (seen.Find(k) is not null)
                continue;
            seen.Set(k, true);
            yield return item;
        }
    }

    private static object Extreme(object value, Func<object, object> key, bool largest)
    {
        object? best = null, bestKey = null;
        foreach (var item in Operators.Iterate(value))
        {
            var k = key(item);
            if (bestKey is null || (largest ? Operators.Order(k, bestKey, ">") > 0 : Operators.Order(k, bestKey) < 0))
                (best, bestKey) = (item, k);
        }

        return best ?? new Undefined("No aggregated item, sequence was empty.");
    }

    private static object Sum(object value, Bound a)
    {
        var sum = a.Get(1, BigInteger.Zero);
        if (sum is Str)
            throw JinjaException.Type("sum() can't sum strings [use ''.join(seq) instead]");
        foreach (var item in Operators.Iterate(value))
            sum = Arithmetic.Apply("+", sum, a[0] is { } path and not None ? Access.GetPath(item, path) : item);
        return sum;
    }

    private static PyList GroupBy(object value, object attribute, object? fallback, bool caseSensitive)
    {
        object Raw(object item) => Access.GetPath(item, attribute) is var found && found is Undefined && fallback is not null ? fallback : found;
        object Compared(object item) => !caseSensitive && Raw(item) is Str text ? text.Map(CaseMapping.Lower) : Raw(item);
        var groups = new List<object>();
        var current = new List<object>();
        foreach (var item in Operators.Sort(Operators.ToList(value), Compared))
        {
            if (current.Count > 0 && !Operators.AreEqual(Compared(current[0]), Compared(item)))
                Close();
            current.Add(item);
        }

        if (current.Count > 0)
            Close();
        return new PyList(groups);

        void Close()
        {
            groups.Add(new PyTuple([Raw(current[0]), new PyList([.. current])], ["grouper", "list"]));
            current.Clear();
        }
    }

    private static IEnumerable<object> Batch(List<object> items, int size, object? fill)
    {
        for (var start = 0; start < items.Count; start += size)
        {
            var batch = items.GetRange(start, Math.Min(size, items.Count - start));
            if (fill is not null and not None)
            {
                Limits.CheckElements(size);
                batch.AddRange(Enumerable.Repeat(fill, size - batch.Count));
            }

            yield return new PyList(batch);
        }
    }

    private static IEnumerable<object> Slice(List<object> items, int slices, object? fill)
    {
        Limits.CheckElements(slices);
        var (each, extra) = (items.Count / slices, items.Count % slices);
        for (int slice = 0, start = 0; slice < slices; slice++)
        {
            var part = items.GetRange(start, each + (slice < extra ? 1 : 0));
            start += part.Count;
            if (fill is not null and not None && slice >= extra)
                part.Add(fill);
            yield return new PyList(part);
        }
    }

    private static PyList DictSort(object value, Bound a)
    {
        if (value is not PyDict dict)
            throw value is Undefined undefined ? undefined.Failure : JinjaException.Type("dictsort needs a mapping");
        var by = a.Text(1, "key").Value;
        if (by is not ("key" or "value"))
            throw JinjaException.Value("You can only sort by either 'key' or 'value'");
        var key = Key(null, a.Flag(0));
        var sorted = Operators.Sort(dict.Items.ToList(), i => key(by == "key" ? i.Key : i.Value), a.Flag(2));
        return new PyList([.. sorted.Select(i => (object)PyTuple.Of(i.Key, i.Value))]);
    }

    private static IEnumerable<object> Map(Evaluator evaluator, object value, Arguments arguments)
    {
        if (!Operators.IsTrue(value))
            yield break;
        var items = Operators.Iterate(value);
        if (arguments.Positional.Count == 0 && arguments.Find("attribute") is { } path)
        {
            if (arguments.Named.FirstOrDefault(n => n.Key is not ("attribute" or "default")).Key is { } other)
                throw JinjaException.Type($"map() takes no keyword argument '{other}'");
            var fallback = arguments.Find("default");
            foreach (var item in items)
                yield return Access.GetPath(item, path) is var found && found is Undefined && fallback is not null ? fallback : found;
            yield break;
        }

        if (arguments.Positional.Count == 0 || arguments.Positional[0] is not Str name)
            throw JinjaException.Type("map requires a filter argument");
        var rest = arguments with { Positional = [.. arguments.Positional.Skip(1)] };
        foreach (var item in items)
            yield return Filters.Apply(evaluator, name.Value, item, rest);
    }

    private static IEnumerable<object> Where(object value, Func<object, bool> condition, bool wanted)
    {
        if (!Operators.IsTrue(value))
            yield break;
        foreach (var item in Operators.Iterate(value))
            if (condition(item) == wanted)
                yield return item;
    }

    private static Func<object, bool> Condition(Evaluator evaluator, IReadOnlyList<object> positional, IReadOnlyList<KeyValuePair<string, object>> named)
    {
        if (positional.Count == 0)
            return Operators.IsTrue;
        if (positional[0] is not Str name)
            throw JinjaException.Type("the name of a test must be a string");
        var arguments = new Arguments([.. positional.Skip(1)], named);
        return item => Tests.Holds(name.Value, item, arguments);
    }

    private static Func<object, bool> AttributeCondition(Evaluator evaluator, Arguments arguments)
    {
        if (arguments.Positional.Count == 0)
            throw JinjaException.Type("Missing parameter for attribute name");
        var path = arguments.Positional[0];
        var condition = Condition(evaluator, [.. arguments.Positional.Skip(1)], arguments.Named);
        return item => condition(Access.GetPath(item, path));
    }
}
