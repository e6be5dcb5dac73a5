namespace Alidade.Models.Chat.Jinja;

/// <summary>The names that one block of a template sees: its own, then those around it. A loop's body and a macro have one of their own, an <c>if</c> has not.</summary>
internal sealed class Scope(Scope? outer)
{
    private readonly Dictionary<string, object> names = new(StringComparer.Ordinal);

    public object? Find(string name)
    {
        for (var scope = this; scope is not null; scope = scope.Outer)
            if (scope.names.TryGetValue(name, out var value))
                return value;
        return null;
    }

    public void Set(string name, object value) => names[name] = value;

    private Scope? Outer { get; } = outer;
}

/// <summary><c>loop</c> inside a <c>for</c>.</summary>
internal sealed class LoopContext(IReadOnlyList<object> items, int depth0, Func<object, object>? recurse) : Callable
{
    private IReadOnlyList<object>? changed;

    public override string TypeName => "LoopContext";

    public override string Print => FormattableString.Invariant($"<LoopContext {Index0 + 1}/{Length}>");

    public int Index0 { get; set; }

    public int Length => items.Count;

    public override object Call(Evaluator evaluator, Arguments arguments)
    {
        if (recurse is null)
            throw JinjaException.Type("The loop must have the 'recursive' marker to be called recursively.");
        return arguments.Positional.Count == 1 ? recurse(arguments.Positional[0]) : throw JinjaException.Type("a recursive loop is called with the inner items");
    }

    public object? Find(string name) => name switch
    {
        "index" => Number(Index0 + 1),
        "index0" => Number(Index0),
        "revindex" => Number(Length - Index0),
        "revindex0" => Number(Length - Index0 - 1),
        "first" => Index0 == 0,
        "last" => Index0 == Length - 1,
        "length" => Number(Length),
        "depth" => Number(depth0 + 1),
        "depth0" => Number(depth0),
        "previtem" => Index0 > 0 ? items[Index0 - 1] : new Undefined("there is no previous item"),
        "nextitem" => Index0 < Length - 1 ? items[Index0 + 1] : new Undefined("there is no next item"),
        "cycle" => new Function("loop.cycle", null, (_, a) => a.All.Positional.Count > 0
            ? a.All.Positional[Index0 % a.All.Positional.Count] : throw JinjaException.Type("no items for cycling given")),
        "changed" => new Function("loop.changed", null, (_, a) => IsChanged(a.All.Positional)),
        _ => null,
    };

    private bool IsChanged(IReadOnlyList<object> values)
    {
        if (changed is not null && Operators.AreEqual(new PyTuple(changed), new PyTuple(values)))
            return false;
        changed = values;
        return true;
    }

    private static object Number(int value) => new System.Numerics.BigInteger(value);
}

/// <summary>A macro together with the scope it was defined in; also the body of a <c>call</c> block.</summary>
internal sealed class Macro(MacroDefinition definition, Scope scope) : Callable
{
    public override string TypeName => "Macro";

    public override string Print => definition.Id is null ? "<Macro anonymous>" : $"<Macro '{definition.Id}'>";

    public object? Find(string name) => name switch
    {
        "name" => definition.Id is null ? None.Value : new Str(definition.Id),
        "arguments" => new PyTuple([.. definition.Parameters.Select(p => (object)new Str(p))]),
        "catch_kwargs" => definition.Uses.Contains("kwargs"),
        "catch_varargs" => definition.Uses.Contains("varargs"),
        "caller" => definition.Uses.Contains("caller"),
        _ => null,
    };

    public override object Call(Evaluator evaluator, Arguments arguments)
    {
        var inner = new Scope(scope);
        var named = new List<KeyValuePair<string, object>>(arguments.Named);
        var missing = new List<int>();
        for (var i = 0; i < definition.Parameters.Count; i++)
        {
            var name = definition.Parameters[i];
            if (i < arguments.Positional.Count)
                inner.Set(name, arguments.Positional[i]);
            else if (Take(named, name) is { } value)
                inner.Set(name, value);
            else
                missing.Add(i);
        }

        var surplus = arguments.Positional.Skip(definition.Parameters.Count).ToList();
        if (definition.Uses.Contains("caller") && !definition.Parameters.Contains("caller"))
            inner.Set("caller", Take(named, "caller") ?? new Undefined("No caller defined"));
        if (definition.Uses.Contains("kwargs"))
            inner.Set("kwargs", Functions.DictOf(named));
        else if (named.Count > 0)
            throw JinjaException.Type($"macro '{definition.Id}' takes no keyword argument '{named[0].Key}'");
        if (definition.Uses.Contains("varargs"))
            inner.Set("varargs", new PyTuple(surplus));
        else if (surplus.Count > 0)
            throw JinjaException.Type(FormattableString.Invariant($"macro '{definition.Id}' takes not more than {definition.Parameters.Count} argument(s)"));
        // In order, so that a default may read the parameters before it.
        foreach (var i in missing)
        {
            var fallback = i - (definition.Parameters.Count - definition.Defaults.Count);
            inner.Set(definition.Parameters[i], fallback >= 0
                ? evaluator.Evaluate(definition.Defaults[fallback], inner)
                : new Undefined($"parameter '{definition.Parameters[i]}' was not provided"));
        }

        return evaluator.Capture(definition.Body, inner);
    }

    private static object? Take(List<KeyValuePair<string, object>> named, string name)
    {
        var index = named.FindIndex(n => n.Key == name);
        if (index < 0)
            return null;
        var value = named[index].Value;
        named.RemoveAt(index);
        return value;
    }
}
