using Alidade.Core;

namespace Alidade.Models.Chat.Jinja;

/// <summary>
/// A parsed Jinja template in the dialect of chat templates: Jinja 3.1 with <c>trim_blocks</c>, <c>lstrip_blocks</c>, loop controls, the <c>generation</c>
/// block, and an immutable sandbox. It is immutable, so any number of threads may render it.
/// </summary>
internal sealed class JinjaTemplate
{
    private readonly SourceText source;
    private readonly Body body;

    private JinjaTemplate(SourceText source, Body body)
    {
        this.source = source;
        this.body = body;
    }

    /// <exception cref="AlidadeException">The text does not parse; the message has line and column.</exception>
    public static JinjaTemplate Parse(string text, string name)
    {
        var source = new SourceText(text, name);
        try
        {
            return new(source, Parser.Parse(source));
        }
        catch (JinjaException exception)
        {
            throw new AlidadeException($"chat template '{name}': {exception.Message}", exception);
        }
    }

    /// <exception cref="AlidadeException">The rendering failed; the message has line and column, or is the template's own.</exception>
    public Rendering Render(PyDict variables, TimeProvider clock) => Evaluator.Render(source, body, variables, clock);
}
