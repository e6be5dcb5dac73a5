using System.Numerics;

namespace Alidade.Models.Chat.Jinja;

/// <summary>Python's truth, equality, order, membership and iteration.</summary>
internal static class Operators
{
    public static bool IsTrue(object value) => value switch
    {
        None or Undefined => false,
        bool flag => flag,
        BigInteger number => !number.IsZero,
        double number => number != 0,
        Str text => text.Value.Length > 0,
        PyList list => list.Items.Count > 0,
        PyTuple tuple => tuple.Items.Count > 0,
        PyDict dict => dict.Count > 0,
        DictView view => view.Count > 0,
        PyRange range => range.Count > 0,
        PyBytes bytes => bytes.Bytes.Length > 0,
        _ => true,
    };

    /// <summary>The value as a number (a bool is one), or null.</summary>
    public static object? Number(object value) => value switch
    {
        bool flag => flag ? BigInteger.One : BigInteger.Zero,
        BigInteger or double => value,
        _ => null,
    };

    public static double ToDouble(object number) => number is double value ? value : (double)(BigInteger)number;

    public static bool AreEqual(object left, object right)
    {
        Limits.Descend();
        if (ReferenceEquals(left, right))
            return left is not double number || !double.IsNaN(number);
        if (Number(left) is { } a && Number(right) is { } b)
            return a is BigInteger x && b is BigInteger y ? x == y : CompareNumbers(a, b) == 0;
        return (left, right) switch
        {
            (Str l, Str r) => l.Value == r.Value,
            (PyList l, PyList r) => AreEqual(l.Items, r.Items),
            (PyTuple l, PyTuple r) => AreEqual(l.Items, r.Items),
            (PyDict l, PyDict r) => l.Count == r.Count && l.Items.All(pair => r.Find(pair.Key) is { } other && AreEqual(pair.Value, other)),
            (PyRange l, PyRange r) => l.Count == r.Count && (l.Count == 0 || (l.Start == r.Start && (l.Count == 1 || l.Step == r.Step))),
            (Undefined, Undefined) => true,
            _ => false,
        };
    }

    private static bool AreEqual(IReadOnlyList<object> left, IReadOnlyList<object> right)
    {
        if (left.Count != right.Count)
            return false;
        for (var i = 0; i < left.Count; i++)
            if (!AreEqual(left[i], right[i]))
                return false;
        return true;
    }

    /// <summary>Equal values have equal hashes, whole floats and bools with the integers they equal.</summary>
    public static int Hash(object value)
    {
        Limits.Descend();
        return Number(value) switch
        {
            BigInteger number => number.GetHashCode(),
            double number when Math.Floor(number) == number && double.IsFinite(number) => new BigInteger(number).GetHashCode(),
            double number => number.GetHashCode(),
            _ => value switch
            {
                Str text => text.Value.GetHashCode(StringComparison.Ordinal),
                PyTuple tuple => tuple.Items.Aggregate(17, (hash, item) => HashCode.Combine(hash, Hash(item))),
                PyRange range => range.Count,
                Undefined => 1,
                _ => value.GetHashCode(),
            },
        };
    }

    /// <summary>Evaluates <c>left op right</c> for the six comparisons, <c>in</c> and <c>not in</c>.</summary>
    public static bool Compare(string op, object left, object right) => op switch
    {
        "==" => AreEqual(left, right),
        "!=" => !AreEqual(left, right),
        "in" => Contains(right, left),
        "not in" => !Contains(right, left),
        _ => Order(op, left, right),
    };

    private static bool Order(string op, object left, object right)
    {
        // NaN is in no order with anything, itself included.
        if (left is double.NaN || right is double.NaN)
            return false;
        var order = Order(left, right, op);
        return op switch
        {
            "<" => order < 0,
            "<=" => order <= 0,
            ">" => order > 0,
            _ => order >= 0,
        };
    }

    /// <summary>Order of two values that have one; lists and tuples by their first difference.</summary>
    public static int Order(object left, object right, string op = "<")
    {
        Limits.Descend();
        if (left is Undefined l0)
            throw l0.Failure;
        if (right is Undefined r0)
            throw r0.Failure;
        if (Number(left) is { } a && Number(right) is { } b)
            return CompareNumbers(a, b);
        return (left, right) switch
        {
            (Str l, Str r) => PyText.Compare(l.Value, r.Value),
            (PyList l, PyList r) => Order(l.Items, r.Items, op),
            (PyTuple l, PyTuple r) => Order(l.Items, r.Items, op),
            _ => throw JinjaException.Type($"'{op}' not supported between instances of '{Types.NameOf(left)}' and '{Types.NameOf(right)}'"),
        };
    }

    private static int Order(IReadOnlyList<object> left, IReadOnlyList<object> right, string op)
    {
        for (var i = 0; i < Math.Min(left.Count, right.Count); i++)
            if (!AreEqual(left[i], right[i]))
                return Order(left[i], right[i], op);
        return left.Count.CompareTo(right.Count);
    }

    private static int CompareNumbers(object a, object b)
    {
        if (a is BigInteger x && b is BigInteger y)
            return x.CompareTo(y);
        var (p, q) = (ToDouble(a), ToDouble(b));
        // Doubles hold integers exactly only up to 2^53: compare exactly beyond.
        if (p == q && Math.Abs(p) >= 1L << 53 && double.IsFinite(p))
            return (a is BigInteger i ? i : new BigInteger(p)).CompareTo(b is BigInteger j ? j : new BigInteger(q));
        return p < q ? -1 : p > q ? 1 : p == q ? 0 : double.IsNaN(p) ? -2 : 2;
    }

    public static bool Contains(object container, object item) => container switch
    {
        Str text when item is Str part => text.Value.Contains(part.Value, StringComparison.Ordinal),
        Str => throw JinjaException.Type($"'in <string>' requires string as left operand, not {Types.NameOf(item)}"),
        PyDict dict => dict.Find(item) is not null,
        Namespace or Callable or LoopContext => throw NotIterable(container),
        _ when TryIterate(container) is { } items => items.Any(i => AreEqual(i, item)),
        _ => throw NotIterable(container),
    };

    private static JinjaException NotIterable(object value) => JinjaException.Type($"argument of type '{Types.NameOf(value)}' is not iterable");

    /// <summary>The items of a value, or null when it has none.</summary>
    public static IEnumerable<object>? TryIterate(object value) => value switch
    {
        Str text => PyText.Characters(text),
        PyList list => list.Items,
        PyTuple tuple => tuple.Items,
        PyDict dict => dict.Keys,
        DictView view => view.Items,
        PyRange range => Enumerable.Range(0, range.Count).Select(i => (object)range[i]),
        Generator generator => generator,
        Undefined => [],
        PyBytes bytes => bytes.Bytes.Select(b => (object)new BigInteger(b)),
        _ => null,
    };

    public static IEnumerable<object> Iterate(object value) =>
        TryIterate(value) ?? throw JinjaException.Type($"'{Types.NameOf(value)}' object is not iterable");

    /// <summary>The items in a list of their own.</summary>
    public static List<object> ToList(object value)
    {
        var items = new List<object>();
        foreach (var item in Iterate(value))
        {
            items.Add(item);
            Limits.CheckElements(items.Count);
        }

        return items;
    }

    /// <summary>Python's <c>len</c>, or null when the value has none.</summary>
    public static int? TryLength(object value) => value switch
    {
        Str text => text.Count,
        PyList list => list.Items.Count,
        PyTuple tuple => tuple.Items.Count,
        PyDict dict => dict.Count,
        DictView view => view.Count,
        PyRange range => range.Count,
        PyBytes bytes => bytes.Bytes.Length,
        LoopContext loop => loop.Length,
        Undefined => 0,
        _ => null,
    };

    public static int Length(object value) => TryLength(value) ?? throw JinjaException.Type($"object of type '{Types.NameOf(value)}' has no len()");

    /// <summary>Python's <c>is</c>, as far as its answer does not depend on an implementation: equal small values of one type are one.</summary>
    public static bool AreSame(object left, object right) => (left, right) switch
    {
        (bool l, bool r) => l == r,
        (BigInteger l, BigInteger r) => l == r,
        (double l, double r) => l.Equals(r),
        (Str l, Str r) => l.Value == r.Value,
        _ => ReferenceEquals(left, right),
    };

    /// <summary>A stable sort; Python's keeps the order of equal items in reverse as well.</summary>
    public static List<T> Sort<T>(IReadOnlyList<T> items, Func<T, object> key, bool reverse = false)
    {
        var keyed = items.Select(i => (Key: key(i), Item: i)).ToArray();
        if (reverse)
            Array.Reverse(keyed);
        Merge(keyed, new (object, T)[keyed.Length], 0, keyed.Length);
        if (reverse)
            Array.Reverse(keyed);
        return [.. keyed.Select(k => k.Item)];
    }

    private static void Merge<T>((object Key, T Item)[] items, (object Key, T Item)[] spare, int start, int end)
    {
        if (end - start < 2)
            return;
        var middle = (start + end) / 2;
        Merge(items, spare, start, middle);
        Merge(items, spare, middle, end);
        Array.Copy(items, start, spare, start, end - start);
        var (left, right) = (start, middle);
        for (var i = start; i < end; i++)
            items[i] = left < middle && (right >= end || Order(spare[right].Key, spare[left].Key) >= 0) ? spare[left++] : spare[right++];
    }
}
