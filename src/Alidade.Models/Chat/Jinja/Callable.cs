using System.Numerics;

namespace Alidade.Models.Chat.Jinja;

/// <summary>The arguments of one call.</summary>
internal sealed record Arguments(IReadOnlyList<object> Positional, IReadOnlyList<KeyValuePair<string, object>> Named)
{
    public static Arguments None { get; } = new([], []);

    public static Arguments Of(params object[] positional) => new(positional, []);

    public object? Find(string name)
    {
        foreach (var (key, value) in Named)
            if (key == name)
                return value;
        return null;
    }
}

/// <summary>Something a template can call: a macro, a method bound to its value, a global function.</summary>
internal abstract class Callable
{
    public abstract string TypeName { get; }

    /// <summary>How it prints.</summary>
    public abstract string Print { get; }

    public abstract object Call(Evaluator evaluator, Arguments arguments);
}

/// <summary>A function of this engine, its parameters written as in <c>"old, new, count?"</c>; null takes whatever is given.</summary>
internal sealed class Function(string name, Signature? signature, Func<Evaluator, Bound, object> body) : Callable
{
    public override string TypeName => "function";

    public override string Print => $"<function {name}>";

    public override object Call(Evaluator evaluator, Arguments arguments) => body(evaluator, Bound.To(name, signature, arguments));
}

/// <summary>The names of a function's parameters, and how many must be given.</summary>
internal sealed class Signature
{
    private Signature(string[] names, int required)
    {
        Names = names;
        Required = required;
    }

    public IReadOnlyList<string> Names { get; }

    public int Required { get; }

    public static Signature Parse(string text)
    {
        var names = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return new([.. names.Select(n => n.TrimEnd('?'))], names.Count(n => !n.EndsWith('?')));
    }
}

/// <summary>Arguments put in the order of a function's parameters; the typed readers fail with Python's words.</summary>
internal sealed class Bound
{
    private readonly string name;
    private readonly object?[] values;

    private Bound(string name, object?[] values, Arguments all)
    {
        this.name = name;
        this.values = values;
        All = all;
    }

    /// <summary>The arguments as they were given.</summary>
    public Arguments All { get; }

    public object? this[int index] => index < values.Length ? values[index] : null;

    public static Bound To(string name, Signature? signature, Arguments arguments)
    {
        if (signature is null)
            return new(name, [.. arguments.Positional], arguments);
        var values = new object?[signature.Names.Count];
        if (arguments.Positional.Count > values.Length)
            throw JinjaException.Type(FormattableString.Invariant($"{name}() takes at most {values.Length} arguments ({arguments.Positional.Count} given)"));
        for (var i = 0; i < arguments.Positional.Count; i++)
            values[i] = arguments.Positional[i];
        foreach (var (key, value) in arguments.Named)
        {
            var index = 0;
            while (index < values.Length && signature.Names[index] != key)
                index++;
            if (index == values.Length)
                throw JinjaException.Type($"{name}() takes no keyword argument '{key}'");
            if (values[index] is not null)
                throw JinjaException.Type($"{name}() got two values for the argument '{key}'");
            values[index] = value;
        }

        for (var i = 0; i < signature.Required; i++)
            if (values[i] is null)
                throw JinjaException.Type($"{name}() misses the argument '{signature.Names[i]}'");
        return new(name, values, arguments);
    }

    public object Get(int index, object fallback) => this[index] ?? fallback;

    public bool Flag(int index) => this[index] is { } value && Operators.IsTrue(value);

    /// <summary>A string that must be one; the fallback stands for a missing one.</summary>
    public Str Text(int index, string? fallback = null) => this[index] switch
    {
        Str text => text,
        null when fallback is not null => new Str(fallback),
        var other => throw JinjaException.Type($"{name}() argument {index + 1} must be str, not {Types.NameOf(other ?? None.Value)}"),
    };

    public int Int(int index, int fallback) => this[index] switch
    {
        null => fallback,
        bool flag => flag ? 1 : 0,
        BigInteger number => (int)BigInteger.Max(int.MinValue / 2, BigInteger.Min(int.MaxValue / 2, number)),
        Undefined undefined => throw undefined.Failure,
        var other => throw JinjaException.Type($"{name}() argument {index + 1} must be int, not {Types.NameOf(other)}"),
    };
}
