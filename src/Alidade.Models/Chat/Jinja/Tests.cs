using System.Numerics;

namespace Alidade.Models.Chat.Jinja;

/// <summary>What stands after <c>is</c>.</summary>
internal static class Tests
{
    private static readonly Dictionary<string, (Signature Parameters, Func<object, Bound, bool> Holds)> Table = new(StringComparer.Ordinal)
    {
        ["defined"] = One(v => v is not Undefined),
        ["undefined"] = One(v => v is Undefined),
        ["none"] = One(v => v is None),
        ["boolean"] = One(v => v is bool),
        ["true"] = One(v => v is true),
        ["false"] = One(v => v is false),
        ["integer"] = One(v => v is BigInteger),
        ["float"] = One(v => v is double),
        ["number"] = One(v => v is bool or BigInteger or double),
        ["string"] = One(v => v is Str),
        ["mapping"] = One(v => v is PyDict),
        ["sequence"] = One(v => v is Str or PyList or PyTuple or PyDict or PyRange or PyBytes or Undefined),
        ["iterable"] = One(v => Operators.TryIterate(v) is not null),
        ["callable"] = One(v => v is Callable or Undefined),
        ["escaped"] = One(v => v is Str { IsMarkup: true }),
        ["lower"] = One(v => CharacterClasses.IsLower(Printing.ToStr(v).Value)),
        ["upper"] = One(v => CharacterClasses.IsUpper(Printing.ToStr(v).Value)),
        ["odd"] = One(v => Operators.AreEqual(Arithmetic.Apply("%", v, new BigInteger(2)), BigInteger.One)),
        ["even"] = One(v => Operators.AreEqual(Arithmetic.Apply("%", v, new BigInteger(2)), BigInteger.Zero)),
        ["divisibleby"] = Two((v, o) => Operators.AreEqual(Arithmetic.Apply("%", v, o), BigInteger.Zero)),
        ["sameas"] = Two(Operators.AreSame),
        ["in"] = Two((v, o) => Operators.Contains(o, v)),
        ["filter"] = One(v => v is Str name && Filters.Exists(name.Value)),
        ["test"] = One(v => v is Str name && Exists(name.Value)),
        ["eq"] = Compares("=="),
        ["equalto"] = Compares("=="),
        ["=="] = Compares("=="),
        ["ne"] = Compares("!="),
        ["!="] = Compares("!="),
        ["lt"] = Compares("<"),
        ["lessthan"] = Compares("<"),
        ["<"] = Compares("<"),
        ["le"] = Compares("<="),
        ["<="] = Compares("<="),
        ["gt"] = Compares(">"),
        ["greaterthan"] = Compares(">"),
        [">"] = Compares(">"),
        ["ge"] = Compares(">="),
        [">="] = Compares(">="),
    };

    public static bool Exists(string name) => Table.ContainsKey(name);

    public static bool Holds(string name, object value, Arguments arguments)
    {
        if (!Table.TryGetValue(name, out var test))
            throw new JinjaException("TemplateRuntimeError", $"No test named '{name}' found.");
        return test.Holds(value, Bound.To(name, test.Parameters, arguments));
    }

    private static (Signature, Func<object, Bound, bool>) One(Func<object, bool> holds) => (Signature.Parse(""), (v, _) => holds(v));

    private static (Signature, Func<object, Bound, bool>) Two(Func<object, object, bool> holds) => (Signature.Parse("other"), (v, a) => holds(v, a[0]!));

    private static (Signature, Func<object, Bound, bool>) Compares(string op) => Two((v, o) => Operators.Compare(op, v, o));
}
