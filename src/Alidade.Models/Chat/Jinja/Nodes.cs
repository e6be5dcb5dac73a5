namespace Alidade.Models.Chat.Jinja;

/// <summary>A part of a parsed template; <see cref="At"/> is its offset in the source text.</summary>
internal abstract record Node(int At);

/// <summary>A node with a value.</summary>
internal abstract record Expression(int At) : Node(At);

internal sealed record Constant(object Value, int At) : Expression(At);

internal sealed record Name(string Id, int At) : Expression(At);

internal sealed record ListDisplay(IReadOnlyList<Expression> Items, int At) : Expression(At);

internal sealed record TupleDisplay(IReadOnlyList<Expression> Items, int At) : Expression(At);

internal sealed record DictDisplay(IReadOnlyList<(Expression Key, Expression Value)> Items, int At) : Expression(At);

/// <summary><c>target.name</c>: the attribute before the key.</summary>
internal sealed record AttributeAccess(Expression Target, string Key, int At) : Expression(At);

/// <summary><c>target[index]</c>: the key before the attribute.</summary>
internal sealed record Subscript(Expression Target, Expression Index, int At) : Expression(At);

/// <summary>What stands between the brackets of <c>x[a:b:c]</c>.</summary>
internal sealed record SliceDisplay(Expression? Start, Expression? Stop, Expression? Step, int At) : Expression(At);

/// <param name="Star">The value after <c>*</c>.</param>
/// <param name="DoubleStar">The value after <c>**</c>.</param>
internal sealed record ArgumentList(
    IReadOnlyList<Expression> Positional, IReadOnlyList<(string Name, Expression Value)> Named, Expression? Star, Expression? DoubleStar)
{
    public static ArgumentList None { get; } = new([], [], null, null);
}

internal sealed record CallExpression(Expression Target, ArgumentList Arguments, int At) : Expression(At);

/// <param name="Target">Null in <c>{% filter %}</c> and <c>{% set x | f %}</c>, where the block's text is filtered.</param>
internal sealed record FilterExpression(Expression? Target, string Id, ArgumentList Arguments, int At) : Expression(At);

internal sealed record TestExpression(Expression Target, string Id, ArgumentList Arguments, int At) : Expression(At);

internal sealed record Not(Expression Operand, int At) : Expression(At);

internal sealed record And(Expression Left, Expression Right, int At) : Expression(At);

internal sealed record Or(Expression Left, Expression Right, int At) : Expression(At);

internal sealed record Sign(bool Negative, Expression Operand, int At) : Expression(At);

internal sealed record Binary(string Operator, Expression Left, Expression Right, int At) : Expression(At);

/// <summary><c>a ~ b ~ c</c>.</summary>
internal sealed record Concatenation(IReadOnlyList<Expression> Parts, int At) : Expression(At);

/// <summary><c>a &lt; b &lt;= c</c>: every neighbouring pair must hold.</summary>
internal sealed record Comparison(Expression First, IReadOnlyList<(string Operator, Expression Operand)> Rest, int At) : Expression(At);

/// <summary><c>then if test else otherwise</c>; without an else the value is undefined.</summary>
internal sealed record Conditional(Expression Test, Expression Then, Expression? Otherwise, int At) : Expression(At);

/// <summary>A node that writes or assigns.</summary>
internal abstract record Statement(int At) : Node(At);

internal sealed record TextStatement(Str Text, int At) : Statement(At);

internal sealed record PrintStatement(Expression Value, int At) : Statement(At);

internal sealed record IfStatement(IReadOnlyList<(Expression Test, Body Then)> Branches, Body Otherwise, int At) : Statement(At);

internal sealed record ForStatement(Target Target, Expression Source, Expression? Test, bool Recursive, Body Body, Body Otherwise, int At) : Statement(At);

internal sealed record SetStatement(Target Target, Expression Value, int At) : Statement(At);

internal sealed record SetBlockStatement(Target Target, Expression? Filter, Body Body, int At) : Statement(At);

internal sealed record WithStatement(IReadOnlyList<(Target Target, Expression Value)> Values, Body Body, int At) : Statement(At);

internal sealed record MacroStatement(MacroDefinition Definition, int At) : Statement(At);

/// <summary><c>{% call(parameters) f() %}body{% endcall %}</c>: the body is handed to the call as <c>caller</c>.</summary>
internal sealed record CallStatement(CallExpression Call, MacroDefinition Caller, int At) : Statement(At);

internal sealed record FilterStatement(Expression Filter, Body Body, int At) : Statement(At);

/// <summary><c>{% generation %}</c>: what the model itself wrote.</summary>
internal sealed record GenerationStatement(Body Body, int At) : Statement(At);

internal sealed record BlockStatement(string Id, Body Body, int At) : Statement(At);

internal sealed record AutoescapeStatement(Expression Value, Body Body, int At) : Statement(At);

internal sealed record BreakStatement(int At) : Statement(At);

internal sealed record ContinueStatement(int At) : Statement(At);

/// <summary><c>include</c>, <c>extends</c>, <c>import</c>, <c>from</c>: they parse, and fail when reached, as there are no other templates.</summary>
internal sealed record UnavailableStatement(string Tag, int At) : Statement(At);

internal sealed record Body(IReadOnlyList<Statement> Statements);

/// <summary>What an assignment writes to.</summary>
internal abstract record Target(int At);

internal sealed record NameTarget(string Id, int At) : Target(At);

internal sealed record NamespaceTarget(string Id, string Key, int At) : Target(At);

internal sealed record TupleTarget(IReadOnlyList<Target> Items, int At) : Target(At);

/// <param name="Defaults">The defaults of the last parameters.</param>
/// <param name="Uses">Which of <c>caller</c>, <c>varargs</c>, <c>kwargs</c> the body reads: only then does the macro take them.</param>
internal sealed record MacroDefinition(string? Id, IReadOnlyList<string> Parameters, IReadOnlyList<Expression> Defaults, Body Body, IReadOnlySet<string> Uses);
