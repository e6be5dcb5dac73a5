namespace Alidade.Models.Chat.Jinja;

/// <summary>Reads statements; expressions are in the other half. Grammar: Jinja 3.1 with loop controls and the <c>generation</c> block.</summary>
internal sealed partial class Parser
{
    private readonly SourceText source;
    private readonly List<Token> tokens;
    private readonly Stack<string> openTags = new();
    private readonly Stack<HashSet<string>> macros = new();
    private readonly List<(int Token, int At, string Message)> unknown = [];
    private int next;
    private int depth;
    private int loops;
    private int conditions;

    private Parser(SourceText source)
    {
        this.source = source;
        tokens = new Lexer(source).Run();
    }

    private Token Current => tokens[next];

    /// <summary>The parsed template. Throws an AlidadeException with line and column when the text is not a template.</summary>
    public static Body Parse(SourceText source)
    {
        var parser = new Parser(source);
        var body = parser.ParseBody([]);
        // A filter that does not exist is an error unless a condition may keep it from being reached.
        if (parser.unknown.Count > 0)
            throw source.Error(parser.unknown[0].At, parser.unknown[0].Message);
        return body;
    }

    private Token Advance() => tokens[next < tokens.Count - 1 ? next++ : next];

    private Exception Fail(string message) => source.Error(Current.At, message);

    private Token Expect(TokenKind kind, string what) =>
        Current.Kind == kind ? Advance() : throw Fail($"expected {what}, got {Current.Describe()}");

    private void ExpectOperator(string text)
    {
        if (!SkipOperator(text))
            throw Fail($"expected '{text}', got {Current.Describe()}");
    }

    private bool SkipOperator(string text)
    {
        var found = Current.IsOperator(text);
        if (found)
            Advance();
        return found;
    }

    private bool SkipName(string text)
    {
        var found = Current.IsName(text);
        if (found)
            Advance();
        return found;
    }

    private void ExpectBlockEnd() => Expect(TokenKind.BlockEnd, "'%}'");

    private void Enter()
    {
        if (++depth > Limits.Depth)
            throw Fail($"nested more than {Limits.Depth} deep");
        Limits.Descend();
    }

    /// <summary>Reads until one of the end tags (the name is then the current token) or, when none is given, the end of the template.</summary>
    private Body ParseBody(string[] ends)
    {
        Enter();
        var statements = new List<Statement>();
        while (true)
        {
            var token = Current;
            switch (token.Kind)
            {
                case TokenKind.End when ends.Length == 0:
                    depth--;
                    return new(statements);
                case TokenKind.End:
                    throw Fail($"the template ends inside '{openTags.Peek()}': {Choices(ends)} is missing");
                case TokenKind.Data:
                    Advance();
                    statements.Add(new TextStatement(new Str(token.Text), token.At));
                    break;
                case TokenKind.PrintBegin:
                    Advance();
                    statements.Add(new PrintStatement(ParseTuple(), token.At));
                    Expect(TokenKind.PrintEnd, "'}}'");
                    break;
                default:
                    Advance();
                    if (Current.Kind == TokenKind.Name && ends.Contains(Current.Text))
                    {
                        depth--;
                        return new(statements);
                    }

                    statements.Add(ParseStatement(ends));
                    ExpectBlockEnd();
                    break;
            }
        }
    }

    private static string Choices(string[] ends) => string.Join(" or ", ends.Select(e => $"'{{% {e} %}}'"));

    private Statement ParseStatement(string[] ends)
    {
        var tag = Expect(TokenKind.Name, "the name of a tag");
        openTags.Push(tag.Text);
        Statement statement = tag.Text switch
        {
            "if" => ParseIf(tag.At),
            "for" => ParseFor(tag.At),
            "set" => ParseSet(tag.At),
            "print" => ParsePrint(tag.At),
            "macro" => ParseMacro(tag.At),
            "call" => ParseCall(tag.At),
            "filter" => ParseFilterBlock(tag.At),
            "with" => ParseWith(tag.At),
            "generation" => new GenerationStatement(Isolated(() => ParseClosedBody("endgeneration")), tag.At),
            "block" => ParseBlock(tag.At),
            "autoescape" => new AutoescapeStatement(ParseExpression(), ParseClosedBody("endautoescape"), tag.At),
            "break" when loops > 0 => new BreakStatement(tag.At),
            "continue" when loops > 0 => new ContinueStatement(tag.At),
            "break" or "continue" => throw source.Error(tag.At, $"'{tag.Text}' outside a loop"),
            "include" or "extends" or "import" or "from" => ParseUnavailable(tag),
            _ => throw source.Error(tag.At, ends.Length > 0
                ? $"unknown tag '{tag.Text}'; '{openTags.Skip(1).FirstOrDefault()}' waits for {Choices(ends)}"
                : $"unknown tag '{tag.Text}'"),
        };
        openTags.Pop();
        return statement;
    }

    // The body of a tag up to its one end tag.
    private Body ParseClosedBody(string end)
    {
        SkipOperator(":");
        ExpectBlockEnd();
        var body = ParseBody([end]);
        Advance();
        return body;
    }

    // A macro's body is a function of its own: a loop around it is not its loop.
    private T Isolated<T>(Func<T> parse)
    {
        var outer = loops;
        loops = 0;
        var parsed = parse();
        loops = outer;
        return parsed;
    }

    private IfStatement ParseIf(int at)
    {
        conditions++;
        var branches = new List<(Expression, Body)>();
        var otherwise = new Body([]);
        while (true)
        {
            var test = ParseTuple(conditional: false);
            SkipOperator(":");
            ExpectBlockEnd();
            branches.Add((test, ParseBody(["elif", "else", "endif"])));
            var token = Advance();
            if (token.Text == "elif")
                continue;
            if (token.Text == "else")
                otherwise = ParseClosedBody("endif");
            conditions--;
            return new(branches, otherwise, at);
        }
    }

    // "print a, b" writes one after the other; {{ a, b }} writes a tuple.
    private PrintStatement ParsePrint(int at)
    {
        var parts = new List<Expression>();
        do
            parts.Add(ParseExpression());
        while (SkipOperator(","));
        return new(parts.Count == 1 ? parts[0] : new Concatenation(parts, at), at);
    }

    private ForStatement ParseFor(int at)
    {
        var target = ParseTarget(["in"], withNamespace: false);
        if (NamesOf(target).Contains("loop"))
            throw source.Error(target.At, "a loop cannot assign to 'loop', its own variable");
        if (!SkipName("in"))
            throw Fail($"expected 'in', got {Current.Describe()}");
        var items = ParseTuple(conditional: false, ends: ["recursive"]);
        var test = SkipName("if") ? ParseExpression() : null;
        var recursive = SkipName("recursive");
        SkipOperator(":");
        ExpectBlockEnd();
        loops++;
        var body = ParseBody(["endfor", "else"]);
        loops--;
        var otherwise = Advance().Text == "else" ? ParseClosedBody("endfor") : new Body([]);
        return new(target, items, test, recursive, body, otherwise, at);
    }

    private Statement ParseSet(int at)
    {
        var target = ParseTarget([], withNamespace: true);
        if (SkipOperator("="))
            return new SetStatement(target, ParseTuple(), at);
        var filter = Current.IsOperator("|") ? ParseFilters(null) : null;
        return new SetBlockStatement(target, filter, ParseClosedBody("endset"), at);
    }

    private WithStatement ParseWith(int at)
    {
        var values = new List<(Target, Expression)>();
        while (Current.Kind != TokenKind.BlockEnd && !Current.IsOperator(":"))
        {
            if (values.Count > 0)
                ExpectOperator(",");
            var target = ParseTarget([], withNamespace: false, single: true);
            ExpectOperator("=");
            values.Add((target, ParseExpression()));
        }

        return new(values, ParseClosedBody("endwith"), at);
    }

    private MacroStatement ParseMacro(int at)
    {
        var name = Expect(TokenKind.Name, "the macro's name");
        ExpectOperator("(");
        return new(ParseDefinition(name.Text, "endmacro", hasParameters: true), at);
    }

    private CallStatement ParseCall(int at)
    {
        // The parameters stand before the call, so they are read first and the body last.
        var (parameters, defaults) = SkipOperator("(") ? ParseParameters() : ([], []);
        if (ParseExpression() is not CallExpression call)
            throw source.Error(at, "'call' needs a call, such as {% call f() %}");
        macros.Push([]);
        var body = Isolated(() => ParseClosedBody("endcall"));
        return new(call, new MacroDefinition(null, parameters, defaults, body, macros.Pop()), at);
    }

    private MacroDefinition ParseDefinition(string name, string end, bool hasParameters)
    {
        macros.Push([]);
        var (parameters, defaults) = hasParameters ? ParseParameters() : ([], []);
        var body = Isolated(() => ParseClosedBody(end));
        return new(name, parameters, defaults, body, macros.Pop());
    }

    private (List<string>, List<Expression>) ParseParameters()
    {
        var parameters = new List<string>();
        var defaults = new List<Expression>();
        while (!Current.IsOperator(")"))
        {
            if (parameters.Count > 0)
                ExpectOperator(",");
            parameters.Add(Expect(TokenKind.Name, "a parameter's name").Text);
            if (SkipOperator("="))
                defaults.Add(ParseExpression());
            else if (defaults.Count > 0)
                throw Fail("a parameter without a default follows one with a default");
        }

        Advance();
        return (parameters, defaults);
    }

    private FilterStatement ParseFilterBlock(int at)
    {
        var filter = ParseFilters(null, first: true);
        return new(filter, ParseClosedBody("endfilter"), at);
    }

    private BlockStatement ParseBlock(int at)
    {
        var name = Expect(TokenKind.Name, "the block's name").Text;
        SkipName("scoped");
        SkipName("required");
        SkipOperator(":");
        ExpectBlockEnd();
        var body = Isolated(() => ParseBody(["endblock"]));
        Advance();
        SkipName(name);
        return new(name, body, at);
    }

    private UnavailableStatement ParseUnavailable(Token tag)
    {
        if (Current.Kind == TokenKind.BlockEnd)
            throw Fail("expected a template's name, got '%}'");
        while (Current.Kind is not (TokenKind.BlockEnd or TokenKind.End))
            Advance();
        return new(tag.Text, tag.At);
    }

    private Target ParseTarget(string[] ends, bool withNamespace, bool single = false)
    {
        var at = Current.At;
        var items = new List<Target>();
        var isTuple = false;
        do
        {
            if (items.Count > 0 && (Current.Kind == TokenKind.BlockEnd || Current.IsOperator("=") || Current.IsOperator(")") || ends.Contains(Current.Text)))
                break;
            items.Add(ParseSingleTarget(withNamespace));
            if (single || !SkipOperator(","))
                break;
            isTuple = true;
        }
        while (true);
        return isTuple ? new TupleTarget(items, at) : items[0];
    }

    private Target ParseSingleTarget(bool withNamespace)
    {
        var token = Current;
        if (SkipOperator("("))
        {
            Enter();
            var inner = ParseTarget([], withNamespace);
            depth--;
            ExpectOperator(")");
            return inner;
        }

        if (token.Kind != TokenKind.Name || ConstantNamed(token.Text) is not null)
            throw Fail($"expected a name to assign to, got {token.Describe()}");
        Advance();
        if (withNamespace && SkipOperator("."))
            return new NamespaceTarget(token.Text, Expect(TokenKind.Name, "an attribute's name").Text, token.At);
        return new NameTarget(token.Text, token.At);
    }

    private static IEnumerable<string> NamesOf(Target target) => target switch
    {
        NameTarget name => [name.Id],
        TupleTarget tuple => tuple.Items.SelectMany(NamesOf),
        _ => [],
    };

    private static object? ConstantNamed(string name) => name switch
    {
        "true" or "True" => true,
        "false" or "False" => false,
        "none" or "None" => None.Value,
        _ => null,
    };
}
