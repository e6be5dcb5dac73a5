using System.Collections;
using System.Numerics;

namespace Alidade.Models.Chat.Jinja;

// The values of a template: None, bool, BigInteger (int), double (float), Str, and the types of this file. Nothing else ever is one, so no template
// reaches an object of .NET.

/// <summary>Python's None.</summary>
internal sealed class None
{
    public static readonly None Value = new();
}

/// <summary>A missing name, key or attribute: prints as nothing, is false and empty, and fails with its own message in any other use.</summary>
internal sealed class Undefined(string message, string kind = "UndefinedError")
{
    public JinjaException Failure => new(kind, message);

    public static Undefined Name(string name) => new($"'{name}' is undefined");

    public static Undefined Of(object owner, object key) => key is Str name
        ? new($"'{Owner(owner)}' has no attribute '{name.Value}'")
        : new($"{Owner(owner)} has no element {Printing.Repr(key)}");

    /// <summary>An attribute that the sandbox keeps closed.</summary>
    public static Undefined Unsafe(object owner, string name) =>
        new($"access to attribute '{name}' of '{Types.NameOf(owner)}' object is unsafe.", "SecurityError");

    private static string Owner(object owner) => owner is None ? "None" : Types.NameOf(owner) + " object";
}

/// <summary>A list, which no template can change.</summary>
internal sealed class PyList(IReadOnlyList<object> items)
{
    public IReadOnlyList<object> Items { get; } = items;
}

/// <summary>A tuple; <see cref="Names"/> gives its items names (the pairs of <c>groupby</c>).</summary>
internal sealed class PyTuple(IReadOnlyList<object> items, IReadOnlyList<string>? names = null)
{
    public IReadOnlyList<object> Items { get; } = items;

    public IReadOnlyList<string> Names { get; } = names ?? [];

    public static PyTuple Of(params object[] items) => new(items);
}

/// <summary>A dict in insertion order; 1, 1.0 and True are one key, as in Python.</summary>
internal sealed class PyDict
{
    private readonly OrderedDictionary<object, object> items = new(new KeyComparer());

    public int Count => items.Count;

    public IEnumerable<object> Keys => items.Keys;

    public IEnumerable<object> Values => items.Values;

    public IEnumerable<KeyValuePair<object, object>> Items => items;

    public object? Find(object key) => items.TryGetValue(Hashable(key), out var value) ? value : null;

    public object? Find(string key) => Find(new Str(key));

    public void Set(object key, object value) => items[Hashable(key)] = value;

    public void Set(string key, object value) => Set(new Str(key), value);

    private static object Hashable(object key)
    {
        if (key is PyList or PyDict)
            throw JinjaException.Type($"unhashable type: '{Types.NameOf(key)}'");
        if (key is PyTuple tuple)
        {
            Limits.Descend();
            foreach (var item in tuple.Items)
                Hashable(item);
        }

        return key;
    }

    private sealed class KeyComparer : IEqualityComparer<object>
    {
        bool IEqualityComparer<object>.Equals(object? x, object? y) => Operators.AreEqual(x!, y!);

        int IEqualityComparer<object>.GetHashCode(object key) => Operators.Hash(key);
    }
}

/// <summary><c>d.keys()</c>, <c>d.values()</c> or <c>d.items()</c>.</summary>
internal sealed class DictView(string kind, int count, IEnumerable<object> items)
{
    public string Kind { get; } = kind;

    public int Count { get; } = count;

    public IEnumerable<object> Items { get; } = items;
}

/// <summary>Python's range, at most <see cref="Limits.Range"/> long.</summary>
internal sealed class PyRange
{
    public PyRange(BigInteger start, BigInteger stop, BigInteger step)
    {
        if (step.IsZero)
            throw JinjaException.Value("range() arg 3 must not be zero");
        var length = step > 0 ? (stop - start + step - 1) / step : (start - stop - step - 1) / -step;
        if (length > Limits.Range)
            throw JinjaException.Limit(FormattableString.Invariant($"Range too big. The sandbox blocks ranges larger than MAX_RANGE ({Limits.Range})."));
        (Start, Stop, Step, Count) = (start, stop, step, (int)BigInteger.Max(0, length));
    }

    public BigInteger Start { get; }

    public BigInteger Stop { get; }

    public BigInteger Step { get; }

    public int Count { get; }

    public BigInteger this[int index] => Start + Step * index;
}

/// <summary>What <c>map</c>, <c>select</c> and their like give: it can be read once, and is computed as it is read.</summary>
internal sealed class Generator(IEnumerable<object> items) : IEnumerable<object>
{
    private readonly IEnumerator<object> items = items.GetEnumerator();

    public IEnumerator<object> GetEnumerator()
    {
        while (items.MoveNext())
            yield return items.Current;
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary><c>namespace()</c>: the one value whose attributes <c>{% set ns.x = … %}</c> may change.</summary>
internal sealed class Namespace
{
    public PyDict Values { get; } = new();

    public void Set(object key, object value)
    {
        if (key is Str name && name.Value.StartsWith('_'))
            throw new JinjaException("SecurityError", $"a namespace takes no attribute that starts with an underscore, but got '{name.Value}'; rename it");
        Values.Set(key, value);
    }
}

/// <summary>The result of <c>str.encode</c>; it can only be printed.</summary>
internal sealed class PyBytes(byte[] bytes)
{
    public byte[] Bytes { get; } = bytes;
}

/// <summary><c>cycler('a', 'b')</c>.</summary>
internal sealed class Cycler(IReadOnlyList<object> items)
{
    private int position;

    public object Current => items[position];

    public object Next()
    {
        var current = Current;
        position = (position + 1) % items.Count;
        return current;
    }

    public void Reset() => position = 0;
}

/// <summary><c>self</c>: the template's blocks.</summary>
internal sealed class SelfReference(IReadOnlyDictionary<string, Callable> blocks)
{
    public IReadOnlyDictionary<string, Callable> Blocks { get; } = blocks;
}

/// <summary>The names Python gives the types.</summary>
internal static class Types
{
    public static string NameOf(object value) => value switch
    {
        None => "NoneType",
        bool => "bool",
        BigInteger => "int",
        double => "float",
        Str { IsMarkup: true } => "Markup",
        Str => "str",
        PyList => "list",
        PyTuple => "tuple",
        PyDict => "dict",
        PyRange => "range",
        PyBytes => "bytes",
        DictView view => view.Kind,
        Generator => "generator",
        Undefined => "Undefined",
        Callable callable => callable.TypeName,
        _ => value.GetType().Name,
    };
}
