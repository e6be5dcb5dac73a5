using Alidade.Core;
using Alidade.Models.Chat.Jinja;

namespace Alidade.Tests.Models.Chat;

public sealed class JinjaErrorTests
{
    [Theory]
    [InlineData("{% if t %}", "1:11: the template ends inside 'if': '{% elif %}' or '{% else %}' or '{% endif %}' is missing")]
    [InlineData("a\nb {{ x", "2:7: expected '}}', got the end of the template")]
    [InlineData("{{ a b }}", "1:6: expected '}}', got 'b'")]
    [InlineData("{{ 'abc }}", "1:4: the string is not closed: ' is missing")]
    [InlineData("{{ [1, 2 }}", "1:10: unexpected '}', expected ']'")]
    [InlineData("{% for x in l %}\n  {% endif %}", "2:6: unknown tag 'endif'; 'for' waits for '{% endfor %}' or '{% else %}'")]
    [InlineData("{% nope %}", "1:4: unknown tag 'nope'")]
    [InlineData("{# never closed", "1:1: the comment is not closed: '#}' is missing")]
    [InlineData("x\r\n\r\n{{ 1 | nope }}", "3:8: no filter named 'nope'")]
    [InlineData("{{ 1 is nope }}", "1:9: no test named 'nope'")]
    [InlineData("{% continue %}", "1:4: 'continue' outside a loop")]
    [InlineData("{% for x in l %}{% macro f() %}{% break %}{% endmacro %}{% endfor %}", "1:35: 'break' outside a loop")]
    [InlineData("{% for loop in l %}{% endfor %}", "1:8: a loop cannot assign to 'loop', its own variable")]
    [InlineData("{% set 1 = 2 %}", "1:8: expected a name to assign to, got a number")]
    [InlineData("{{ f(a=1, 2) }}", "1:11: a positional argument follows named ones")]
    public void A_template_that_does_not_parse_is_reported_with_line_and_column(string text, string expected)
    {
        var error = Assert.Throws<AlidadeException>(() => JinjaTemplate.Parse(text, "t"));
        Assert.Equal("chat template 't', line " + expected, error.Message);
    }

    [Theory]
    [InlineData("ok\n  {{ 1 + 'a' }}", "2:8: unsupported operand type(s) for +: 'int' and 'str'")]
    [InlineData("{{ {}.a.b }}", "1:8: 'dict object' has no attribute 'a'")]
    [InlineData("{% if true %}\n{{ 'x'.nope() }}{% endif %}", "2:12: 'str object' has no attribute 'nope'")]
    [InlineData("{{ [].append(1) }}", "1:13: access to attribute 'append' of 'list' object is unsafe.")]
    [InlineData("{% include 'x' %}", "1:4: 'include' needs another template, and a chat template stands alone")]
    [InlineData("{{ '{0[a]]}'.format({'a': 1}) }}", "1:20: Only '.' or '[' may follow ']' in format field specifier")]
    [InlineData("{% set a, b = [1] %}", "1:8: 1 values cannot be assigned to 2 names")]
    public void A_rendering_that_fails_is_reported_with_line_and_column(string text, string expected)
    {
        var error = Assert.Throws<AlidadeException>(() => Jinja.Render(text));
        Assert.Equal("chat template 't', line " + expected, error.Message);
    }

    [Fact]
    public void The_templates_own_complaint_is_shown_in_its_own_words()
    {
        var error = Assert.Throws<AlidadeException>(() => Jinja.Render("{{ raise_exception('roles must alternate') }}"));
        Assert.Equal("chat template 't': roles must alternate", error.Message);
    }

    [Fact]
    public void An_unknown_filter_behind_a_condition_fails_only_when_it_is_reached()
    {
        Assert.Equal("ok", Jinja.Render("{% if false %}{{ 1 | nope }}{% endif %}{{ 'ok' if true else 1 | nope }}"));
        Assert.Throws<AlidadeException>(() => Jinja.Render("{% if true %}{{ 1 | nope }}{% endif %}"));
    }
}

/// <summary>Renders one snippet.</summary>
internal static class Jinja
{
    public static string Render(string text, params (string Name, object Value)[] variables)
    {
        var dict = new PyDict();
        foreach (var (name, value) in variables)
            dict.Set(name, value);
        return JinjaTemplate.Parse(text, "t").Render(dict, TimeProvider.System).Text.Value;
    }
}
