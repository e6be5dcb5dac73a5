namespace Alidade.Models.Chat.Jinja;

/// <summary>
/// Expressions, loosest first: <c>if else</c>, <c>or</c>, <c>and</c>, <c>not</c>, comparisons and <c>in</c>, <c>+ -</c>, <c>~</c>, <c>* / // %</c>,
/// <c>**</c> (from the left, looser than a sign), signs, filters and tests, then subscripts and calls.
/// </summary>
internal sealed partial class Parser
{
    private static readonly string[] Comparators = ["==", "!=", "<", "<=", ">", ">="];

    private Expression ParseExpression(bool conditional = true)
    {
        Enter();
        var start = next;
        var value = ParseOr();
        while (conditional && Current.IsName("if"))
        {
            var at = Advance().At;
            var test = ParseOr();
            var otherwise = SkipName("else") ? ParseExpression() : null;
            value = new Conditional(test, value, otherwise, at);
            unknown.RemoveAll(u => u.Token >= start);
        }

        depth--;
        return value;
    }

    // One expression, or several with commas between them; () too when in parentheses.
    private Expression ParseTuple(bool conditional = true, string[]? ends = null, bool inParentheses = false)
    {
        var at = Current.At;
        var items = new List<Expression>();
        var isTuple = false;
        while (!IsTupleEnd(ends))
        {
            items.Add(ParseExpression(conditional));
            if (!SkipOperator(","))
                break;
            isTuple = true;
        }

        if (!isTuple && items.Count == 1)
            return items[0];
        if (items.Count == 0 && !inParentheses)
            throw Fail($"expected an expression, got {Current.Describe()}");
        return new TupleDisplay(items, at);
    }

    private bool IsTupleEnd(string[]? ends) =>
        Current.Kind is TokenKind.PrintEnd or TokenKind.BlockEnd || Current.IsOperator(")")
        || (ends is not null && Current.Kind == TokenKind.Name && ends.Contains(Current.Text));

    private Expression ParseOr()
    {
        var left = ParseAnd();
        while (Current.IsName("or"))
        {
            var at = Advance().At;
            left = new Or(left, ParseAnd(), at);
        }

        return left;
    }

    private Expression ParseAnd()
    {
        var left = ParseNot();
        while (Current.IsName("and"))
        {
            var at = Advance().At;
            left = new And(left, ParseNot(), at);
        }

        return left;
    }

    private Expression ParseNot()
    {
        if (!Current.IsName("not"))
            return ParseComparison();
        var at = Advance().At;
        Enter();
        var operand = ParseNot();
        depth--;
        return new Not(operand, at);
    }

    private Expression ParseComparison()
    {
        var at = Current.At;
        var first = ParseSum();
        var rest = new List<(string, Expression)>();
        while (true)
        {
            var token = Current;
            if (token.Kind == TokenKind.Operator && Comparators.Contains(token.Text))
                Advance();
            else if (token.IsName("in"))
                Advance();
            else if (token.IsName("not") && tokens[next + 1].IsName("in"))
            {
                next += 2;
                token = token with { Text = "not in" };
            }
            else
                break;
            if (rest.Count == 0)
                at = token.At;
            rest.Add((token.Text, ParseSum()));
        }

        return rest.Count == 0 ? first : new Comparison(first, rest, at);
    }

    private Expression ParseSum() => ParseLeft(ParseConcatenation, "+", "-");

    private Expression ParseConcatenation()
    {
        var at = Current.At;
        var first = ParseProduct();
        if (!Current.IsOperator("~"))
            return first;
        var parts = new List<Expression> { first };
        while (SkipOperator("~"))
            parts.Add(ParseProduct());
        return new Concatenation(parts, at);
    }

    private Expression ParseProduct() => ParseLeft(ParsePower, "*", "/", "//", "%");

    private Expression ParsePower() => ParseLeft(() => ParseUnary(), "**");

    private Expression ParseLeft(Func<Expression> operand, params string[] operators)
    {
        var left = operand();
        while (Current.Kind == TokenKind.Operator && operators.Contains(Current.Text))
        {
            var token = Advance();
            left = new Binary(token.Text, left, operand(), token.At);
        }

        return left;
    }

    private Expression ParseUnary(bool withFilters = true)
    {
        Enter();
        Expression node;
        if (Current.IsOperator("-") || Current.IsOperator("+"))
        {
            var token = Advance();
            node = new Sign(token.Text == "-", ParseUnary(withFilters: false), token.At);
        }
        else
            node = ParsePrimary();
        node = ParsePostfix(node);
        if (withFilters)
            node = ParseFiltersAndTests(node);
        depth--;
        return node;
    }

    private Expression ParsePrimary()
    {
        var token = Advance();
        switch (token.Kind)
        {
            case TokenKind.Name when ConstantNamed(token.Text) is { } constant:
                return new Constant(constant, token.At);
            case TokenKind.Name:
                if (token.Text is "caller" or "varargs" or "kwargs")
                    foreach (var uses in macros)
                        uses.Add(token.Text);
                return new Name(token.Text, token.At);
            case TokenKind.String:
                var text = token.Text;
                while (Current.Kind == TokenKind.String)
                    text += Advance().Text;
                return new Constant(new Str(text), token.At);
            case TokenKind.Number:
                return new Constant(token.Number!, token.At);
            case TokenKind.Operator when token.Text == "(":
                var tuple = ParseTuple(inParentheses: true);
                ExpectOperator(")");
                return tuple;
            case TokenKind.Operator when token.Text == "[":
                return ParseList(token.At);
            case TokenKind.Operator when token.Text == "{":
                return ParseDict(token.At);
            default:
                throw source.Error(token.At, $"expected an expression, got {token.Describe()}");
        }
    }

    private ListDisplay ParseList(int at)
    {
        var items = new List<Expression>();
        while (!Current.IsOperator("]"))
        {
            items.Add(ParseExpression());
            if (!Current.IsOperator("]"))
                ExpectOperator(",");
        }

        Advance();
        return new(items, at);
    }

    private DictDisplay ParseDict(int at)
    {
        var items = new List<(Expression, Expression)>();
        while (!Current.IsOperator("}"))
        {
            var key = ParseExpression();
            ExpectOperator(":");
            items.Add((key, ParseExpression()));
            if (!Current.IsOperator("}"))
                ExpectOperator(",");
        }

        Advance();
        return new(items, at);
    }

    private Expression ParsePostfix(Expression node)
    {
        while (true)
        {
            var token = Current;
            if (SkipOperator("."))
                node = ParseAttribute(node, token.At);
            else if (SkipOperator("["))
                node = ParseSubscript(node, token.At);
            else if (SkipOperator("("))
                node = new CallExpression(node, ParseArguments(), token.At);
            else
                return node;
        }
    }

    private Expression ParseAttribute(Expression node, int at)
    {
        var token = Advance();
        return token switch
        {
            { Kind: TokenKind.Name } => new AttributeAccess(node, token.Text, at),
            { Kind: TokenKind.Number, Number: System.Numerics.BigInteger } => new Subscript(node, new Constant(token.Number, token.At), at),
            _ => throw source.Error(token.At, $"expected a name or a number after '.', got {token.Describe()}"),
        };
    }

    private Subscript ParseSubscript(Expression node, int at)
    {
        var items = new List<Expression>();
        while (!Current.IsOperator("]"))
        {
            if (items.Count > 0)
                ExpectOperator(",");
            items.Add(ParseSliceOrIndex());
        }

        Advance();
        return new(node, items.Count == 1 ? items[0] : new TupleDisplay(items, at), at);
    }

    private Expression ParseSliceOrIndex()
    {
        var at = Current.At;
        var parts = new Expression?[3];
        for (var i = 0; i < 3; i++)
        {
            if (!Current.IsOperator(":") && !Current.IsOperator("]") && !Current.IsOperator(","))
                parts[i] = ParseExpression();
            if (i == 0 && !Current.IsOperator(":"))
                return parts[0] ?? throw Fail($"expected an index, got {Current.Describe()}");
            if (i < 2 && !SkipOperator(":"))
                break;
        }

        return new SliceDisplay(parts[0], parts[1], parts[2], at);
    }

    private ArgumentList ParseArguments()
    {
        var positional = new List<Expression>();
        var named = new List<(string, Expression)>();
        Expression? star = null, doubleStar = null;
        while (!Current.IsOperator(")"))
        {
            var at = Current;
            if (SkipOperator("**") && doubleStar is null)
                doubleStar = ParseExpression();
            else if (at.IsOperator("*") && star is null && doubleStar is null)
            {
                Advance();
                star = ParseExpression();
            }
            else if (at.Kind == TokenKind.Name && tokens[next + 1].IsOperator("=") && doubleStar is null)
            {
                next += 2;
                named.Add((at.Text, ParseExpression()));
            }
            else if (star is null && doubleStar is null && named.Count == 0)
                positional.Add(ParseExpression());
            else
                throw source.Error(at.At, "a positional argument follows named ones");
            if (!Current.IsOperator(")"))
                ExpectOperator(",");
        }

        Advance();
        return positional.Count + named.Count == 0 && star is null && doubleStar is null ? ArgumentList.None : new(positional, named, star, doubleStar);
    }

    private Expression ParseFiltersAndTests(Expression node)
    {
        while (true)
        {
            var at = Current.At;
            if (Current.IsOperator("|"))
                node = ParseFilters(node);
            else if (Current.IsName("is"))
                node = ParseTest(node);
            else if (SkipOperator("("))
                node = new CallExpression(node, ParseArguments(), at);
            else
                return node;
        }
    }

    private Expression ParseFilters(Expression? node, bool first = false)
    {
        while (first || Current.IsOperator("|"))
        {
            if (!first)
                Advance();
            first = false;
            var (name, at) = ParseDottedName("a filter's name");
            if (!Filters.Exists(name))
                NoteUnknown(at, $"no filter named '{name}'");
            node = new FilterExpression(node, name, SkipOperator("(") ? ParseArguments() : ArgumentList.None, at);
        }

        return node!;
    }

    private (string Name, int At) ParseDottedName(string what)
    {
        var token = Expect(TokenKind.Name, what);
        var name = token.Text;
        while (SkipOperator("."))
            name += "." + Expect(TokenKind.Name, what).Text;
        return (name, token.At);
    }

    private void NoteUnknown(int at, string message)
    {
        if (conditions == 0)
            unknown.Add((next, at, message));
    }

    private Expression ParseTest(Expression node)
    {
        var at = Advance().At;
        var negated = SkipName("not");
        var (name, nameAt) = ParseDottedName("a test's name");
        if (!Tests.Exists(name))
            NoteUnknown(nameAt, $"no test named '{name}'");
        var arguments = ArgumentList.None;
        if (SkipOperator("("))
            arguments = ParseArguments();
        else if (StartsTestArgument())
            arguments = new([ParsePostfix(ParsePrimary())], [], null, null);
        Expression test = new TestExpression(node, name, arguments, at);
        return negated ? new Not(test, at) : test;
    }

    private bool StartsTestArgument()
    {
        if (Current.IsName("is"))
            throw Fail("tests cannot be chained with 'is'");
        return Current.Kind is TokenKind.String or TokenKind.Number || Current.IsOperator("[") || Current.IsOperator("{")
            || (Current.Kind == TokenKind.Name && Current.Text is not ("else" or "or" or "and"));
    }
}
