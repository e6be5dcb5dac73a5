using System.Numerics;

namespace Alidade.Models.Chat.Jinja;

/// <summary>Attributes, keys and slices. <c>x.name</c> looks for an attribute first, <c>x['name']</c> for a key first.</summary>
internal static class Access
{
    public static object GetAttribute(object target, string name)
    {
        if (target is Undefined undefined)
            throw undefined.Failure;
        return Attribute(target, name) ?? Item(target, new Str(name)) ?? Undefined.Of(target, new Str(name));
    }

    public static object GetItem(object target, object key)
    {
        if (target is Undefined undefined)
            throw undefined.Failure;
        return Item(target, key) ?? (key is Str name ? Attribute(target, name.Value) : null) ?? Undefined.Of(target, key);
    }

    /// <summary>A path such as <c>function.name</c> or <c>items.0</c>, as the filters' <c>attribute=</c> takes it.</summary>
    public static object GetPath(object target, object path)
    {
        if (path is not Str text)
            return GetItem(target, path);
        foreach (var part in text.Value.Split('.'))
            target = GetItem(target, part.Length > 0 && part.Length < 10 && part.All(char.IsAsciiDigit)
                ? BigInteger.Parse(part, System.Globalization.CultureInfo.InvariantCulture)
                : new Str(part));
        return target;
    }

    private static object? Attribute(object target, string name)
    {
        // Python has such an attribute on everything; the sandbox opens none of them.
        if (name.StartsWith("__", StringComparison.Ordinal) && name.EndsWith("__", StringComparison.Ordinal))
            return Undefined.Unsafe(target, name);
        return target switch
        {
            Str text => StringMethods.Find(text, name),
            PyDict dict => ContainerMethods.Find(dict, name),
            PyList list => ContainerMethods.Find(list, name),
            PyTuple tuple => ContainerMethods.Find(tuple, name),
            PyRange range => ContainerMethods.Find(range, name),
            BigInteger or double => ContainerMethods.FindNumeric(target, name),
            Namespace ns => ns.Values.Find(name),
            LoopContext loop => loop.Find(name),
            Macro macro => macro.Find(name),
            Cycler cycler => ContainerMethods.Find(cycler, name),
            SelfReference self => self.Blocks.TryGetValue(name, out var block) ? block : null,
            Callable { Print: "<class 'dict'>" } when name == "fromkeys" => Functions.FromKeys,
            _ => null,
        };
    }

    private static object? Item(object target, object key)
    {
        if (key is PySlice slice)
            return Slice(target, slice);
        if (target is PyDict dict)
            return key is PyList or PyDict ? null : dict.Find(key);
        if (Operators.Number(key) is not BigInteger index || Operators.TryLength(target) is not { } length || target is Undefined or DictView or LoopContext)
            return null;
        if (index < 0)
            index += length;
        if (index < 0 || index >= length)
            return null;
        var i = (int)index;
        switch (target)
        {
            case Str text:
                var offset = text.Offset(i);
                return text.Cut(offset, PyText.WidthAt(text.Value, offset));
            case PyList list:
                return list.Items[i];
            case PyTuple tuple:
                return tuple.Items[i];
            case PyRange range:
                return range[i];
            case PyBytes bytes:
                return new BigInteger(bytes.Bytes[i]);
            default:
                return null;
        }
    }

    private static object Slice(object target, PySlice slice)
    {
        if (target is not (Str or PyList or PyTuple or PyRange))
            throw JinjaException.Type($"'{Types.NameOf(target)}' object cannot be sliced");
        var (start, step, count) = slice.Over(Operators.Length(target));
        switch (target)
        {
            case Str text when step == 1:
                var from = text.Offset(start);
                return text.Cut(from, text.Offset(start + count) - from);
            case Str text:
                var characters = PyText.Characters(text).ToList();
                var builder = new TextBuilder();
                for (var i = 0; i < count; i++)
                    builder.Append(characters[start + i * step]);
                return builder.ToStr(text.IsMarkup);
            case PyList list:
                return new PyList(Pick(list.Items, start, step, count));
            case PyTuple tuple:
                return new PyTuple(Pick(tuple.Items, start, step, count));
            default:
                var range = (PyRange)target;
                var first = range.Start + range.Step * start;
                return new PyRange(first, first + range.Step * step * count, range.Step * step);
        }
    }

    private static object[] Pick(IReadOnlyList<object> items, int start, int step, int count)
    {
        var picked = new object[count];
        for (var i = 0; i < count; i++)
            picked[i] = items[start + i * step];
        return picked;
    }
}

/// <summary>The bounds of a slice; null where none was written.</summary>
internal sealed record PySlice(BigInteger? Start, BigInteger? Stop, BigInteger? Step)
{
    public static PySlice Of(object? start, object? stop, object? step) => new(Bound(start), Bound(stop), Bound(step));

    /// <summary>First index, step and number of items over a sequence of the given length.</summary>
    public (int Start, int Step, int Count) Over(int length)
    {
        var step = BigInteger.Max(-int.MaxValue / 2, BigInteger.Min(Step ?? 1, int.MaxValue / 2));
        if (step.IsZero)
            throw JinjaException.Value("slice step cannot be zero");
        var (lowest, highest) = step > 0 ? (0, length) : (-1, length - 1);
        var start = Clamp(Start, length, lowest, highest) ?? (step > 0 ? lowest : highest);
        var stop = Clamp(Stop, length, lowest, highest) ?? (step > 0 ? highest : lowest);
        var count = step > 0 ? (stop - start + step - 1) / step : (start - stop - step - 1) / -step;
        return ((int)start, (int)step, (int)BigInteger.Max(0, count));
    }

    private static BigInteger? Clamp(BigInteger? bound, int length, int lowest, int highest)
    {
        if (bound is not { } value)
            return null;
        if (value < 0)
            value += length;
        return BigInteger.Max(lowest, BigInteger.Min(highest, value));
    }

    private static BigInteger? Bound(object? value) => value switch
    {
        null or None => null,
        Undefined undefined => throw undefined.Failure,
        _ => Operators.Number(value) is BigInteger number
            ? number
            : throw JinjaException.Type("slice indices must be integers or None"),
    };
}
