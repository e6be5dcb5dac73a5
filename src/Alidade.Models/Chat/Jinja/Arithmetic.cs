using System.Numerics;

namespace Alidade.Models.Chat.Jinja;

/// <summary>Python's arithmetic: integers of any size, true division, floors towards minus infinity, and the sums and products of strings and lists.</summary>
internal static class Arithmetic
{
    public static object Apply(string op, object left, object right)
    {
        if (left is Undefined undefinedLeft)
            throw undefinedLeft.Failure;
        if (op == "%" && left is Str format)
            return PercentFormat.Apply(format, right);
        if (right is Undefined undefinedRight)
            throw undefinedRight.Failure;
        if (Operators.Number(left) is { } a && Operators.Number(right) is { } b)
            return a is BigInteger x && b is BigInteger y ? Integers(op, x, y) : Floats(op, Operators.ToDouble(a), Operators.ToDouble(b));
        return op switch
        {
            "+" => Add(left, right),
            "*" when Operators.Number(right) is BigInteger times => Repeat(left, times) ?? throw Unsupported(op, left, right),
            "*" when Operators.Number(left) is BigInteger times => Repeat(right, times) ?? throw Unsupported(op, left, right),
            _ => throw Unsupported(op, left, right),
        };
    }

    public static object Negate(object value) => Operators.Number(value) switch
    {
        BigInteger number => -number,
        double number => -number,
        _ when value is Undefined undefined => throw undefined.Failure,
        _ => throw JinjaException.Type($"bad operand type for unary -: '{Types.NameOf(value)}'"),
    };

    public static object Plus(object value) => Operators.Number(value)
        ?? throw (value is Undefined undefined ? undefined.Failure : JinjaException.Type($"bad operand type for unary +: '{Types.NameOf(value)}'"));

    private static JinjaException Unsupported(string op, object left, object right) => op == "+" && left is Str
        ? JinjaException.Type($"can only concatenate str (not \"{Types.NameOf(right)}\") to str")
        : JinjaException.Type($"unsupported operand type(s) for {op}: '{Types.NameOf(left)}' and '{Types.NameOf(right)}'");

    private static object Add(object left, object right)
    {
        switch (left, right)
        {
            case (Str l, Str r):
                return Join(l, r);
            case (PyList l, PyList r):
                return new PyList(Join(l.Items, r.Items));
            case (PyTuple l, PyTuple r):
                return new PyTuple(Join(l.Items, r.Items));
            default:
                throw Unsupported("+", left, right);
        }
    }

    // Text added to escaped text is escaped.
    public static Str Join(Str left, Str right)
    {
        var markup = left.IsMarkup || right.IsMarkup;
        var builder = new TextBuilder();
        builder.Append(markup ? Printing.Escape(left) : left);
        builder.Append(markup ? Printing.Escape(right) : right);
        return builder.ToStr(markup);
    }

    private static List<object> Join(IReadOnlyList<object> left, IReadOnlyList<object> right)
    {
        Limits.CheckElements((long)left.Count + right.Count);
        return [.. left, .. right];
    }

    private static object? Repeat(object value, BigInteger times)
    {
        var count = (int)BigInteger.Max(0, BigInteger.Min(times, int.MaxValue));
        switch (value)
        {
            case Str text:
                Limits.CheckCharacters((long)text.Value.Length * count);
                var builder = new TextBuilder();
                for (var i = 0; i < count && text.Value.Length > 0; i++)
                    builder.Append(text);
                return builder.ToStr(text.IsMarkup);
            case PyList list:
                return new PyList(Repeat(list.Items, count));
            case PyTuple tuple:
                return new PyTuple(Repeat(tuple.Items, count));
            default:
                return null;
        }
    }

    private static List<object> Repeat(IReadOnlyList<object> items, int count)
    {
        Limits.CheckElements((long)items.Count * count);
        var repeated = new List<object>(items.Count * count);
        for (var i = 0; i < count && items.Count > 0; i++)
            repeated.AddRange(items);
        return repeated;
    }

    private static object Integers(string op, BigInteger a, BigInteger b)
    {
        if (b.IsZero && op is ("/" or "//" or "%"))
            throw new JinjaException("ZeroDivisionError", op == "%" ? "integer modulo by zero" : op == "//" ? "integer division or modulo by zero" : "division by zero");
        return op switch
        {
            "+" => Bounded(a + b),
            "-" => Bounded(a - b),
            "*" when a.GetBitLength() + b.GetBitLength() <= Limits.Bits => a * b,
            "/" => (double)a / (double)b,
            "//" => FloorDivide(a, b),
            "%" => a - FloorDivide(a, b) * b,
            "**" when b < 0 => Floats(op, (double)a, (double)b),
            "**" when BigInteger.Abs(a) <= 1 => a.IsZero ? (b.IsZero ? BigInteger.One : a) : b.IsEven ? BigInteger.One : a,
            "**" when (BigInteger)a.GetBitLength() * b <= Limits.Bits => BigInteger.Pow(a, (int)b),
            _ => throw JinjaException.Limit($"the result of '{op}' is too large an integer"),
        };
    }

    private static BigInteger Bounded(BigInteger value) =>
        value.GetBitLength() <= Limits.Bits ? value : throw JinjaException.Limit("the sum is too large an integer");

    private static BigInteger FloorDivide(BigInteger a, BigInteger b)
    {
        var quotient = BigInteger.DivRem(a, b, out var remainder);
        return !remainder.IsZero && remainder.Sign != b.Sign ? quotient - 1 : quotient;
    }

    private static object Floats(string op, double a, double b)
    {
        if (b == 0 && op is ("/" or "//" or "%"))
            throw new JinjaException("ZeroDivisionError", op == "/" ? "float division by zero" : op == "//" ? "float floor division by zero" : "float modulo");
        return op switch
        {
            "+" => a + b,
            "-" => a - b,
            "*" => a * b,
            "/" => a / b,
            "//" => Math.Floor((a - Modulo(a, b)) / b + 0.5),
            "%" => Modulo(a, b),
            _ => Power(a, b),
        };
    }

    // The remainder has the sign of the divisor.
    private static double Modulo(double a, double b)
    {
        var remainder = a % b;
        if (remainder != 0 && double.IsNegative(remainder) != double.IsNegative(b))
            return remainder + b;
        return remainder == 0 ? Math.CopySign(0, b) : remainder;
    }

    private static double Power(double a, double b)
    {
        if (a == 0 && b < 0)
            throw new JinjaException("ZeroDivisionError", "0.0 cannot be raised to a negative power");
        if (a < 0 && double.IsFinite(b) && b != Math.Floor(b))
            throw JinjaException.Type("a negative number has no real power with a fraction");
        var result = Math.Pow(a, b);
        return double.IsInfinity(result) && double.IsFinite(a) && double.IsFinite(b) ? throw JinjaException.Limit("the result of '**' is too large a float") : result;
    }
}
