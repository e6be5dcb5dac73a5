using Alidade.Core;

namespace Alidade.Models.Chat.Jinja;

/// <summary>What Jinja leaves to those who use it.</summary>
/// <param name="Noun">What errors call a template.</param>
/// <param name="TrimsBlocks"><c>trim_blocks</c>, <c>lstrip_blocks</c>, and the last line end dropped.</param>
/// <param name="Strict"><c>StrictUndefined</c>: a missing name is an error where it is written, tested or gone through.</param>
internal sealed record JinjaDialect(string Noun, bool TrimsBlocks, bool Strict)
{
    /// <summary>Chat templates, as transformers renders them.</summary>
    public static JinjaDialect Chat { get; } = new("chat template", TrimsBlocks: true, Strict: false);

    /// <summary>Texts made of the fields of a row, as lm-evaluation-harness renders them.</summary>
    public static JinjaDialect Fields { get; } = new("template", TrimsBlocks: false, Strict: true);
}

/// <summary>A template's text as Jinja reads it (every line end is <c>\n</c>), and where an offset in it stands.</summary>
internal sealed class SourceText
{
    public SourceText(string source, string name, JinjaDialect dialect)
    {
        Name = name;
        Dialect = dialect;
        var text = source.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        Text = dialect.TrimsBlocks && text.EndsWith('\n') ? text[..^1] : text;
    }

    public string Name { get; }

    public JinjaDialect Dialect { get; }

    public string Text { get; }

    /// <summary>The error a user sees: which template, line and column (both from 1), and what is wrong.</summary>
    public AlidadeException Error(int offset, string message)
    {
        var before = Text.AsSpan(0, Math.Min(offset, Text.Length));
        var line = before.Count('\n') + 1;
        var column = before.Length - before.LastIndexOf('\n');
        return new AlidadeException(FormattableString.Invariant($"{Dialect.Noun} '{Name}', line {line}:{column}: {message}"));
    }
}

/// <summary>A failure inside an operation, which knows no position; the evaluator adds it. <see cref="Kind"/> is Python's name for the error.</summary>
internal sealed class JinjaException(string kind, string message) : Exception(message)
{
    public string Kind { get; } = kind;

    public static JinjaException Type(string message) => new("TypeError", message);

    public static JinjaException Value(string message) => new("ValueError", message);

    public static JinjaException Limit(string message) => new("OverflowError", message);
}

/// <summary>What bounds a template, so that one taken from a stranger's model folder can neither hang the process nor fill its memory.</summary>
internal static class Limits
{
    /// <summary>Characters in one string, the output included.</summary>
    public const int Characters = 1 << 24;

    /// <summary>Elements of one list made by repetition or concatenation.</summary>
    public const int Elements = 1 << 20;

    /// <summary>Length of a range, as in Jinja's sandbox.</summary>
    public const int Range = 100_000;

    /// <summary>Macros, recursive loops and blocks inside one another; nesting of expressions and statements in the text.</summary>
    public const int Depth = 200;

    /// <summary>Nodes evaluated plus characters and elements made, in one rendering.</summary>
    public const long Work = 1L << 26;

    /// <summary>Bits of an integer.</summary>
    public const int Bits = 1 << 16;

    /// <summary>Call before descending into a value or node, whose depth a template decides.</summary>
    public static void Descend()
    {
        if (!System.Runtime.CompilerServices.RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw new JinjaException("RecursionError", "nested too deeply");
    }

    public static void CheckCharacters(long count)
    {
        if (count > Characters)
            throw JinjaException.Limit(FormattableString.Invariant($"a string of {count} characters is over the limit of {Characters}"));
    }

    public static void CheckElements(long count)
    {
        if (count > Elements)
            throw JinjaException.Limit(FormattableString.Invariant($"a list of {count} elements is over the limit of {Elements}"));
    }
}
