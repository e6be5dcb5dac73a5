using Alidade.Core;

namespace Alidade.Models.Chat.Jinja;

/// <summary>This half runs statements: what they write goes to <c>output</c>, what they assign to the scope.</summary>
internal sealed partial class Evaluator
{
    private readonly SourceText source;
    private readonly TextBuilder root = new();
    private readonly List<TextRange> generation = [];
    private TextBuilder output;
    private int depth;
    private Scope? top;

    private Evaluator(SourceText source, TimeProvider clock)
    {
        this.source = source;
        Clock = clock;
        output = root;
    }

    private enum Flow
    {
        Next,
        Break,
        Continue,
    }

    /// <summary>Renders a template. Any failure is an AlidadeException that says where in the template it happened.</summary>
    public static Rendering Render(SourceText source, Body body, PyDict variables, TimeProvider clock)
    {
        var evaluator = new Evaluator(source, clock);
        try
        {
            return evaluator.Run(body, variables);
        }
        catch (JinjaException exception) when (exception.Kind == "TemplateError")
        {
            throw new AlidadeException($"{source.Dialect.Noun} '{source.Name}': {exception.Message}", exception);
        }
        catch (JinjaException exception)
        {
            throw source.Error(evaluator.at, exception.Message);
        }
        catch (NotBuiltException exception)
        {
            throw new NotBuiltException(source.Error(evaluator.at, exception.Message).Message);
        }
    }

    private Rendering Run(Body body, PyDict variables)
    {
        var context = new Scope(null);
        var blocks = new Dictionary<string, Callable>(StringComparer.Ordinal);
        context.Set("self", new SelfReference(blocks));
        foreach (var (name, value) in variables.Items)
            context.Set(((Str)name).Value, value);
        top = new Scope(context);
        foreach (var block in Blocks(body))
            blocks[block.Id] = new Function("block", Signature.Parse(""), (e, _) => e.Capture(block.Body, new Scope(top)));
        Execute(body, top);
        return new(root.ToStr(), generation);
    }

    private static IEnumerable<BlockStatement> Blocks(Body body) => body.Statements.SelectMany(s => s switch
    {
        BlockStatement block => Blocks(block.Body).Prepend(block),
        IfStatement @if => @if.Branches.SelectMany(b => Blocks(b.Then)).Concat(Blocks(@if.Otherwise)),
        ForStatement @for => Blocks(@for.Body).Concat(Blocks(@for.Otherwise)),
        WithStatement with => Blocks(with.Body),
        _ => [],
    });

    /// <summary>The text that a body writes.</summary>
    public Str Capture(Body body, Scope scope)
    {
        var outer = output;
        output = new TextBuilder();
        Execute(body, scope);
        var text = output.ToStr(Autoescape);
        output = outer;
        return text;
    }

    private object Known(object value) => value is Undefined undefined && source.Dialect.Strict ? throw undefined.Failure : value;

    private Flow Execute(Body body, Scope scope)
    {
        foreach (var statement in body.Statements)
            if (Execute(statement, scope) is var flow and not Flow.Next)
                return flow;
        return Flow.Next;
    }

    private Flow Execute(Statement statement, Scope scope)
    {
        Limits.Descend();
        Spend(1);
        at = statement.At;
        switch (statement)
        {
            case TextStatement text:
                output.Append(text.Text);
                break;
            case PrintStatement print:
                var value = Known(Evaluate(print.Value, scope));
                at = print.At;
                output.Append(Autoescape ? Printing.Escape(value) : Printing.ToStr(value));
                break;
            case IfStatement @if:
                foreach (var (test, then) in @if.Branches)
                    if (Operators.IsTrue(Known(Evaluate(test, scope))))
                        return Execute(then, scope);
                return Execute(@if.Otherwise, scope);
            case ForStatement @for:
                Loop(@for, Known(Evaluate(@for.Source, scope)), scope, 0);
                break;
            case SetStatement set:
                var assigned = Evaluate(set.Value, scope);
                at = set.Target.At;
                Assign(set.Target, assigned, scope, scope);
                break;
            case SetBlockStatement set:
                var captured = (object)Capture(set.Body, new Scope(scope));
                Assign(set.Target, set.Filter is null ? captured : FilterText(set.Filter, captured, scope), scope, scope);
                break;
            case WithStatement with:
                var inner = new Scope(scope);
                foreach (var (target, expression) in with.Values)
                    Assign(target, Evaluate(expression, scope), inner, inner);
                return Execute(with.Body, inner);
            case MacroStatement macro:
                scope.Set(macro.Definition.Id!, new Macro(macro.Definition, scope));
                break;
            case CallStatement call:
                var arguments = Bind(call.Call.Arguments, scope);
                arguments = arguments with { Named = [.. arguments.Named, new("caller", new Macro(call.Caller, scope))] };
                output.Append(Printing.ToStr(Call(call.Call, arguments, scope)));
                break;
            case FilterStatement filter:
                output.Append(Printing.ToStr(FilterText(filter.Filter, Capture(filter.Body, new Scope(scope)), scope)));
                break;
            case GenerationStatement block:
                Generate(block, scope);
                break;
            case BlockStatement block:
                output.Append(Deeper(() => Capture(block.Body, new Scope(top))));
                break;
            case AutoescapeStatement autoescape:
                return Escaping(autoescape, scope);
            case BreakStatement:
                return Flow.Break;
            case ContinueStatement:
                return Flow.Continue;
            case UnavailableStatement unavailable:
                throw JinjaException.Type($"'{unavailable.Tag}' needs another template, and a chat template stands alone");
        }

        return Flow.Next;
    }

    // As the reference counts: from what the template's outermost level has written, whatever the block stands in.
    private void Generate(GenerationStatement block, Scope scope)
    {
        var text = Capture(block.Body, new Scope(scope));
        generation.Add(new(root.Length, root.Length + text.Value.Length));
        output.Append(text);
    }

    private Flow Escaping(AutoescapeStatement statement, Scope scope)
    {
        var outer = Autoescape;
        Autoescape = Operators.IsTrue(Evaluate(statement.Value, scope));
        var flow = Execute(statement.Body, new Scope(scope));
        Autoescape = outer;
        return flow;
    }

    private void Loop(ForStatement node, object source, Scope scope, int loopDepth)
    {
        var items = Operators.ToList(source);
        if (node.Test is not null)
            items = items.FindAll(item =>
            {
                var tested = new Scope(scope);
                Assign(node.Target, item, tested, tested);
                return Operators.IsTrue(Evaluate(node.Test, tested));
            });
        if (items.Count == 0)
        {
            Execute(node.Otherwise, new Scope(scope));
            return;
        }

        var loop = new LoopContext(items, loopDepth, node.Recursive ? inner => Recurse(node, inner, scope, loopDepth + 1) : null);
        for (var i = 0; i < items.Count; i++)
        {
            loop.Index0 = i;
            var body = new Scope(scope);
            body.Set("loop", loop);
            at = node.At;
            Assign(node.Target, items[i], body, body);
            if (Execute(node.Body, body) == Flow.Break)
                break;
        }
    }

    private Str Recurse(ForStatement node, object items, Scope scope, int loopDepth)
    {
        var outer = output;
        output = new TextBuilder();
        Loop(node, items, scope, loopDepth);
        var text = output.ToStr(Autoescape);
        output = outer;
        return text;
    }

    private static void Assign(Target target, object value, Scope into, Scope readable)
    {
        switch (target)
        {
            case NameTarget name:
                into.Set(name.Id, value);
                break;
            case NamespaceTarget attribute:
                if (readable.Find(attribute.Id) is not Namespace ns)
                    throw new JinjaException("TemplateRuntimeError", $"cannot assign to '{attribute.Id}.{attribute.Key}': only a namespace() can be assigned to");
                ns.Set(new Str(attribute.Key), value);
                break;
            case TupleTarget tuple:
                var items = Operators.ToList(value);
                if (items.Count != tuple.Items.Count)
                    throw JinjaException.Value(FormattableString.Invariant($"{items.Count} values cannot be assigned to {tuple.Items.Count} names"));
                for (var i = 0; i < items.Count; i++)
                    Assign(tuple.Items[i], items[i], into, readable);
                break;
        }
    }
}

/// <summary>What a template wrote, and where its generation blocks stand, in UTF-16 units.</summary>
internal sealed record Rendering(Str Text, IReadOnlyList<TextRange> Generation);
