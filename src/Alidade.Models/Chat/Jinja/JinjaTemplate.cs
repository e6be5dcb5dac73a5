using Alidade.Core;

namespace Alidade.Models.Chat.Jinja;

/// <summary>
/// A parsed Jinja template: Jinja 3.1 with loop controls, the <c>generation</c> block and an immutable sandbox; white space and missing names as the
/// <see cref="JinjaDialect"/> has them. It is immutable, so any number of threads may render it.
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
    public static JinjaTemplate Parse(string text, string name) => Parse(text, name, JinjaDialect.Chat);

    /// <inheritdoc cref="Parse(string, string)"/>
    public static JinjaTemplate Parse(string text, string name, JinjaDialect dialect)
    {
        var source = new SourceText(text, name, dialect);
        try
        {
            return new(source, Parser.Parse(source));
        }
        catch (JinjaException exception)
        {
            throw new AlidadeException($"{dialect.Noun} '{name}': {exception.Message}", exception);
        }
    }

    /// <exception cref="AlidadeException">The rendering failed; the message has line and column, or is the template's own.</exception>
    public Rendering Render(PyDict variables, TimeProvider clock) => Evaluator.Render(source, body, variables, clock);
}
