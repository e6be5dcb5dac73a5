using System.Numerics;

namespace Alidade.Models.Chat.Jinja;

/// <summary>The methods of lists, tuples, dicts and numbers. Those that would change a value are refused, as in Jinja's immutable sandbox.</summary>
internal static class ContainerMethods
{
    public static object? Find(PyList list, string name) => name switch
    {
        "index" or "count" => Sequence(list.Items, "list", name),
        "copy" => Method("list.copy", "", _ => new PyList(list.Items)),
        "append" or "clear" or "pop" or "reverse" or "insert" or "sort" or "extend" or "remove" => Undefined.Unsafe(list, name),
        _ => null,
    };

    public static object? Find(PyTuple tuple, string name)
    {
        for (var i = 0; i < tuple.Names.Count; i++)
            if (tuple.Names[i] == name)
                return tuple.Items[i];
        return name is "index" or "count" ? Sequence(tuple.Items, "tuple", name) : null;
    }

    public static object? Find(PyRange range, string name) =>
        name is "index" or "count" ? Sequence([.. Operators.Iterate(range)], "range", name) : null;

    public static object? Find(PyDict dict, string name) => name switch
    {
        "items" => Method("dict.items", "", _ => Items(dict)),
        "keys" => Method("dict.keys", "", _ => new DictView("dict_keys", dict.Count, dict.Keys)),
        "values" => Method("dict.values", "", _ => new DictView("dict_values", dict.Count, dict.Values)),
        "get" => Method("dict.get", "key, default?", a => dict.Find(a[0]!) ?? a[1] ?? None.Value),
        "copy" => Method("dict.copy", "", _ => Functions.Copy(dict)),
        "fromkeys" => Functions.FromKeys,
        "clear" or "pop" or "popitem" or "setdefault" or "update" => Undefined.Unsafe(dict, name),
        _ => null,
    };

    public static DictView Items(PyDict dict) => new("dict_items", dict.Count, dict.Items.Select(i => (object)PyTuple.Of(i.Key, i.Value)));

    public static object? FindNumeric(object number, string name) => (name, number) switch
    {
        ("bit_length", BigInteger integer) => Method("int.bit_length", "", _ => new BigInteger((long)BigInteger.Abs(integer).GetBitLength())),
        ("is_integer", double value) => Method("float.is_integer", "", _ => double.IsFinite(value) && Math.Floor(value) == value),
        _ => null,
    };

    public static object? Find(Cycler cycler, string name) => name switch
    {
        "next" => Method("cycler.next", "", _ => cycler.Next()),
        "reset" => Method("cycler.reset", "", _ =>
        {
            cycler.Reset();
            return None.Value;
        }),
        "current" => cycler.Current,
        _ => null,
    };

    private static Function Sequence(IReadOnlyList<object> items, string type, string name) => name == "count"
        ? Method(type + ".count", "value", a => new BigInteger(items.Count(i => Operators.AreEqual(i, a[0]!))))
        : Method(type + ".index", "value", a =>
        {
            for (var i = 0; i < items.Count; i++)
                if (Operators.AreEqual(items[i], a[0]!))
                    return new BigInteger(i);
            throw JinjaException.Value($"{Printing.Repr(a[0]!)} is not in {type}");
        });

    private static Function Method(string name, string parameters, Func<Bound, object> body) =>
        new(name, Signature.Parse(parameters), (_, a) => body(a));
}
