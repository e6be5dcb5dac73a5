using System.Numerics;

namespace Alidade.Models.Chat.Jinja;

/// <summary>Walks the tree of one template once: this half gives expressions their values.</summary>
internal sealed partial class Evaluator
{
    private long work;
    private int at;

    /// <summary>Where <c>strftime_now</c> reads the time.</summary>
    public TimeProvider Clock { get; }

    /// <summary>True inside <c>{% autoescape true %}</c>.</summary>
    public bool Autoescape { get; private set; }

    /// <summary>What the filter <c>random</c> draws from: the same at every rendering.</summary>
    public Random Random { get; } = new(0);

    public object Evaluate(Expression node, Scope scope)
    {
        Limits.Descend();
        Spend(1);
        at = node.At;
        switch (node)
        {
            case Constant constant:
                return constant.Value;
            case Name name:
                return scope.Find(name.Id) ?? Functions.Find(name.Id) ?? Undefined.Name(name.Id);
            case ListDisplay list:
                return new PyList(All(list.Items, scope));
            case TupleDisplay tuple:
                return new PyTuple(All(tuple.Items, scope));
            case DictDisplay dict:
                return Dict(dict, scope);
            case AttributeAccess access:
                return At(node, Access.GetAttribute, Evaluate(access.Target, scope), access.Key);
            case Subscript subscript:
                return At(node, Access.GetItem, Evaluate(subscript.Target, scope), Evaluate(subscript.Index, scope));
            case SliceDisplay slice:
                return PySlice.Of(Maybe(slice.Start, scope), Maybe(slice.Stop, scope), Maybe(slice.Step, scope));
            case CallExpression call:
                return Call(call, Bind(call.Arguments, scope), scope);
            case FilterExpression filter:
                return Filter(filter, filter.Target is null ? Str.Empty : Evaluate(filter.Target, scope), scope);
            case TestExpression test:
                return Test(test, scope);
            case Not not:
                return !Operators.IsTrue(Evaluate(not.Operand, scope));
            case And and:
                return Evaluate(and.Left, scope) is var left && Operators.IsTrue(left) ? Evaluate(and.Right, scope) : left;
            case Or or:
                return Evaluate(or.Left, scope) is var first && Operators.IsTrue(first) ? first : Evaluate(or.Right, scope);
            case Sign sign:
                return At(node, (negative, value) => negative ? Arithmetic.Negate(value) : Arithmetic.Plus(value), sign.Negative, Evaluate(sign.Operand, scope));
            case Binary binary:
                var (a, b) = (Evaluate(binary.Left, scope), Evaluate(binary.Right, scope));
                at = node.At;
                return Weigh(Arithmetic.Apply(binary.Operator, a, b));
            case Concatenation concatenation:
                return Weigh(Concatenate(All(concatenation.Parts, scope)));
            case Comparison comparison:
                return Compare(comparison, scope);
            case Conditional conditional:
                return Operators.IsTrue(Evaluate(conditional.Test, scope)) ? Evaluate(conditional.Then, scope)
                    : conditional.Otherwise is null ? new Undefined("the inline if-expression evaluated to false and no else section was defined.")
                    : Evaluate(conditional.Otherwise, scope);
            default:
                throw new InvalidOperationException(node.GetType().Name);
        }
    }

    // Operands move the position; an operation that fails is reported at its own.
    private object At<TLeft, TRight>(Node node, Func<TLeft, TRight, object> operation, TLeft left, TRight right)
    {
        at = node.At;
        return Weigh(operation(left, right));
    }

    private object? Maybe(Expression? node, Scope scope) => node is null ? null : Evaluate(node, scope);

    private object[] All(IReadOnlyList<Expression> nodes, Scope scope)
    {
        var values = new object[nodes.Count];
        for (var i = 0; i < values.Length; i++)
            values[i] = Evaluate(nodes[i], scope);
        return values;
    }

    private PyDict Dict(DictDisplay node, Scope scope)
    {
        var dict = new PyDict();
        foreach (var (key, value) in node.Items)
        {
            var (k, v) = (Evaluate(key, scope), Evaluate(value, scope));
            at = key.At;
            dict.Set(k, v);
        }

        return dict;
    }

    private bool Compare(Comparison node, Scope scope)
    {
        var left = Evaluate(node.First, scope);
        foreach (var (op, operand) in node.Rest)
        {
            var right = Evaluate(operand, scope);
            at = node.At;
            if (!Operators.Compare(op, left, right))
                return false;
            left = right;
        }

        return true;
    }

    private Str Concatenate(object[] values)
    {
        var markup = Autoescape && values.Any(v => v is Str { IsMarkup: true });
        var builder = new TextBuilder();
        foreach (var value in values)
            builder.Append(markup ? Printing.Escape(value) : Printing.ToStr(value));
        return builder.ToStr(markup);
    }

    private Arguments Bind(ArgumentList list, Scope scope)
    {
        if (ReferenceEquals(list, ArgumentList.None))
            return Arguments.None;
        var positional = new List<object>(All(list.Positional, scope));
        var named = new List<KeyValuePair<string, object>>();
        foreach (var (name, value) in list.Named)
            named.Add(new(name, Evaluate(value, scope)));
        if (list.Star is not null)
            positional.AddRange(Operators.ToList(Evaluate(list.Star, scope)));
        if (list.DoubleStar is not null)
        {
            if (Evaluate(list.DoubleStar, scope) is not PyDict more)
                throw JinjaException.Type("argument after ** must be a mapping");
            foreach (var (key, value) in more.Items)
                named.Add(new(key is Str text ? text.Value : throw JinjaException.Type("keywords must be strings"), value));
        }

        if (named.Select(n => n.Key).Distinct().Count() < named.Count)
            throw JinjaException.Type("a keyword argument is given twice");
        return new(positional, named);
    }

    private object Call(CallExpression node, Arguments arguments, Scope scope)
    {
        var target = Evaluate(node.Target, scope);
        at = node.At;
        return target switch
        {
            Callable callable => Weigh(Deeper(() => callable.Call(this, arguments))),
            Undefined undefined => throw undefined.Failure,
            _ => throw JinjaException.Type($"'{Types.NameOf(target)}' object is not callable"),
        };
    }

    // The filters of one expression, innermost first; the innermost target may be a block's text.
    private object Filter(FilterExpression node, object value, Scope scope)
    {
        var arguments = Bind(node.Arguments, scope);
        at = node.At;
        return Weigh(Filters.Apply(this, node.Id, value, arguments));
    }

    /// <summary>Applies the filters of a <c>filter</c> or <c>set</c> block to its text.</summary>
    private object FilterText(Expression node, object text, Scope scope) => node is FilterExpression filter
        ? Filter(filter, filter.Target is null ? text : FilterText(filter.Target, text, scope), scope)
        : text;

    private bool Test(TestExpression node, Scope scope)
    {
        var value = Evaluate(node.Target, scope);
        var arguments = Bind(node.Arguments, scope);
        at = node.At;
        return Tests.Holds(node.Id, value, arguments);
    }

    private T Deeper<T>(Func<T> body)
    {
        if (++depth > Limits.Depth)
            throw new JinjaException("RecursionError", FormattableString.Invariant($"macros and loops inside one another more than {Limits.Depth} deep"));
        var result = body();
        depth--;
        return result;
    }

    private object Weigh(object value)
    {
        Spend(value switch
        {
            Str text => text.Value.Length,
            PyList list => list.Items.Count,
            PyTuple tuple => tuple.Items.Count,
            BigInteger number => number.GetByteCount() / 8,
            _ => 0,
        });
        return value;
    }

    private void Spend(long amount)
    {
        work += amount;
        if (work > Limits.Work)
            throw JinjaException.Limit("the template does more work than is allowed; does a loop repeat without need?");
    }
}
