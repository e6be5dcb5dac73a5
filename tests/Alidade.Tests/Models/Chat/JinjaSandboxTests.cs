using Alidade.Core;
using Alidade.Models.Chat.Jinja;

namespace Alidade.Tests.Models.Chat;

/// <summary>A template from a stranger's folder can neither crash the process nor hang it nor fill its memory: each of these ends in one error.</summary>
public sealed class JinjaSandboxTests
{
    [Theory]
    [InlineData("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "deep")]
    [InlineData("{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}", "deep")]
    [InlineData("{% block b %}{{ self.b() }}{% endblock %}", "deep")]
    [InlineData("{{ 'a' * 10 ** 9 }}", "over the limit")]
    [InlineData("{{ [0] * 10 ** 9 }}", "over the limit")]
    [InlineData("{{ ('a' * 10000).replace('a', 'b' * 10000) }}", "over the limit")]
    [InlineData("{{ '%999999999d' % 1 }}", "too big")]
    [InlineData("{{ '{:999999999}'.format(1) }}", "Too many")]
    [InlineData("{{ 'a'.center(999999999) }}", "over the limit")]
    [InlineData("{{ [[[1]]] | tojson(indent='a' * 9999999) }}", "over the limit")]
    [InlineData("{{ 10 ** (10 ** 9) }}", "too large")]
    [InlineData("{% set ns = namespace(x=3) %}{% for i in range(99999) %}{% set ns.x = ns.x * ns.x %}{% endfor %}", "too large")]
    [InlineData("{% set ns = namespace(x='ab') %}{% for i in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}", "more work than is allowed")]
    [InlineData("{% set ns = namespace(x=[]) %}{% for i in range(99999) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x }}", "deep")]
    [InlineData("{% set ns = namespace(x=[]) %}{% for i in range(99999) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x | tojson }}", "deep")]
    [InlineData("{% set ns = namespace(x=[]) %}{% for i in range(99999) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x == [ns.x] }}", "deep")]
    [InlineData("{{ range(10 ** 9) }}", "Range too big")]
    public void A_template_that_asks_for_too_much_is_stopped(string text, string expected)
    {
        var error = Assert.Throws<AlidadeException>(() => Jinja.Render(text));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Loops_inside_loops_run_out_of_work()
    {
        var error = Assert.Throws<AlidadeException>(() => Jinja.Render(
            "{% for a in range(99999) %}{% for b in 'x' * 9999999 %}{% endfor %}{% endfor %}"));
        Assert.Contains("limit", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData('(')]
    [InlineData('[')]
    [InlineData('-')]
    public void Text_nested_without_end_is_refused_when_parsed(char open)
    {
        var error = Assert.Throws<AlidadeException>(() => JinjaTemplate.Parse("{{ " + new string(open, 100_000) + "1", "t"));
        Assert.Contains("nested more than", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_long_chain_of_operators_does_not_overflow_the_stack()
    {
        var text = "{{ 1" + string.Concat(Enumerable.Repeat(" + 1", 200_000)) + " }}";
        var error = Assert.Throws<AlidadeException>(() => Jinja.Render(text));
        Assert.Contains("deep", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{{ ''.__class__ }}{{ [].__init__ }}{{ namespace.__globals__ }}")]
    [InlineData("{{ '{0.__class__}'.format('') }}")]
    public void Nothing_is_behind_a_double_underscore(string text) => Assert.Equal("", Jinja.Render(text));
}
