using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Alidade.Core;
using Alidade.Models.Chat;

namespace Alidade.Tests.Fuzz;

/// <summary>Chat templates of strangers over conversations of any shape: bounded work, bounded output.</summary>
public sealed class JinjaFuzz
{
    // The limit of a rendered text.
    private const int MostCharacters = 1 << 24;

    // Every step of work may copy a character, and some copies are made twice: a template may use memory for its work, though it is small.
    private const long MostMemory = 512L << 20;

    private static readonly string[] Words =
    [
        "{{", "}}", "{%", "%}", "{#", "#}", "{%-", "-%}", "if", "elif", "else", "endif", "for", "in", "endfor", "recursive", "set", "endset", "macro", "endmacro", "call", "endcall", "filter", "endfilter", "block", "endblock",
        "generation", "endgeneration", "raw", "endraw", "with", "endwith", "autoescape", "break", "continue", "do", "import", "include", "extends", "loop", "loop.index", "loop.last", "loop.cycle(1,2)", "loop.previtem", "loop.changed(1)", "self", "caller()", "varargs",
        "kwargs", "namespace", "ns", "range", "dict", "cycler", "joiner", "lipsum", "strftime_now", "raise_exception", "messages", "message", "m", "tools", "documents", "add_generation_prompt", "bos_token", "role", "content", "tool_calls",
        ".items()", ".keys()", ".get('a')", ".strip()", ".split('a')", ".replace('a','bb')", ".format(1)", ".join", ".upper()", ".startswith('a')", ".encode()", ".__class__", ".center(1000000)", "[0]", "[-1]", "[::-1]", "[1:]", "[::0]", "|", "| tojson", "| tojson(indent=2)",
        "| length", "| trim", "| join(',')", "| map(attribute='role')", "| selectattr('role','equalto','user')", "| list", "| items", "| dictsort", "| groupby('role')", "| sort", "| batch(2)", "| slice(3)", "| indent(4)", "| default('x')", "| string", "| int", "| float", "| round(2)",
        "| reject", "| unique", "| sum", "| xmlattr", "| urlize", "| wordwrap(3)", "| truncate(5)", "| format(1)", "| random", "| reverse", "| first", "| safe", "| escape", "| pprint", "| filesizeformat", "| center(9)", "| replace('','a')", "is", "is defined", "is string",
        "is mapping", "is iterable", "is sameas", "is divisibleby 0", "not", "and", "or", "==", "!=", "<", "+", "-", "*", "/", "//", "%", "**", "~", "'%s' % m", "'{:>9999999}'.format(1)", "'%99999999d' % 1", "10 ** 9", "'a' * 10 ** 7", "[0] * 10 ** 6", "range(99999)",
        "1/0", "none", "true", "()", "[]", "{}", "'a'", "\"\"", "9" + "9999999999999999999", "(", ")", "[", "]", "{", "}", ",", ":", "=", ".", " ",
    ];

    private static readonly string[] Templates =
    [
        "{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}",
        "{{ bos_token }}{%- if messages[0]['role'] == 'system' -%}{%- set system = messages[0]['content'] | trim -%}{%- set messages = messages[1:] -%}{%- endif -%}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate') }}{% endif %}{% generation %}{{ message['content'] }}{% endgeneration %}{% if not loop.last %}\n{% endif %}{% endfor %}",
        "{%- macro show(x, depth=0) -%}{%- if x is mapping -%}{%- for k, v in x | dictsort -%}{{ '  ' * depth ~ k ~ ': ' ~ show(v, depth + 1) }}\n{%- endfor -%}{%- else -%}{{ x | tojson }}{%- endif -%}{%- endmacro -%}{% set ns = namespace(n=0, last='') %}{% for m in messages %}{% set ns.n = ns.n + 1 %}{{ show(m) }}{% if m.tool_calls %}{% for t in m.tool_calls %}{{ t.function.name }}({{ t.function.arguments | tojson(indent=2) }}){% endfor %}{% endif %}{% endfor %}{{ ns.n }}{% call(u) show(1) %}{{ u }}{% endcall %}",
        "{% filter upper %}{% for m in messages recursive %}{{ m.role | capitalize | center(10) }}{{ loop.cycle('a', 'b') }}{{ loop.changed(m.role) }}{% else %}none{% endfor %}{% endfilter %}{{ messages | map(attribute='role') | unique | join(', ') }}{{ messages | selectattr('role', 'equalto', 'user') | list | length }}{{ '%5.2f|%s|%r' | format(3.14159, 'x', messages[0]) }}{{ '{0:>8}{name!r}'.format(1.5, name='n') }}",
        "{% set parts = [] %}{% for m in messages %}{% if m.content is string %}{% set _ = parts.append(m.content.split('a')[-1].strip()) %}{% else %}{% for p in m.content %}{% if p.type == 'text' %}{{ p['text'] | replace('a', 'b') | indent(2) }}{% endif %}{% endfor %}{% endif %}{% endfor %}{% with x = 1, y = [1, 2.5, none, true] %}{{ y[::-1] }}{{ x // 2 ** 3 }}{{ y | batch(2, 'z') | list }}{% endwith %}{{ strftime_now('%Y-%m-%d') }}{{ {'a': 1, 'b': (1, 2)}.items() | list }}",
    ];

    private static readonly string[] Atoms =
        ["messages", "messages[0]", "messages[-1].content", "m", "loop", "none", "true", "0", "1", "-3", "2.5", "1e300", "99999999999999999999", "'a'", "''", "'é b c'", "'%s %d'", "'{0} {a}'", "{}", "{'a': 1}", "[]", "(1, 2)", "range(5)", "undefined", "bos_token", "namespace(a=1)"];

    private static readonly JsonMutation Conversation = new("role", "content", "user", "assistant", "system", "tool", "tool_calls", "function", "name", "arguments", "reasoning_content", "thinking", "type", "text", "{{ x }}", "<|im_end|>");

    private const string Messages =
        """[{"role": "system", "content": "Be kind."}, {"role": "user", "content": "What's <b>1 + 1</b>?"}, {"role": "assistant", "content": "2 & more", "tool_calls": [{"type": "function", "function": {"name": "add", "arguments": {"a": 1, "b": [1.5, null]}}}], "reasoning_content": "easy"}, {"role": "user", "content": [{"type": "text", "text": "é\ud83d\ude00"}]}]""";

    [Fact]
    public void A_mutated_template_over_a_mutated_conversation_renders_or_is_refused_in_one_line() => FuzzRun.Inputs(
        "jinja",
        random => new(
            ("template.jinja", Template(random).Utf8()),
            ("messages.json", random.Chance(0.3) ? Conversation.Of(random, Messages) : Messages.Utf8())),
        input =>
        {
            var template = ChatTemplate.Parse(input.Text("template.jinja"), "chat_template");
            var rendered = template.Render(Turns(input), new() { AddGenerationPrompt = true, SpecialTokens = new Dictionary<string, string> { ["bos_token"] = "<s>" } });
            Assert.InRange(rendered.Text.Length, 0, MostCharacters);
            // The search for the assistant's turns renders the template again and again.
            _ = rendered.AssistantSpans;
        },
        MostMemory);

    // Any tokens, which the parser mostly refuses, or well-formed expressions of any types, which reach every operation.
    private static string Template(Random random)
    {
        var template = random.One(Templates);
        if (random.Chance(0.4))
            return Mutation.Text(random, template, Words);
        for (var places = random.Next(1, 3); places > 0; places--)
        {
            var borders = Enumerable.Range(0, template.Length - 1).Where(i => template[i] == '}' && template[i + 1] is not '}').Append(template.Length - 1).ToList();
            template = template.Insert(random.One(borders) + 1, $"{{{{ {Expression(random, random.Next(1, 4))} }}}}");
        }

        return template;
    }

    private static string Expression(Random random, int depth)
    {
        string Inner() => Expression(random, depth - 1);
        return depth == 0 ? random.One(Atoms) : random.Next(10) switch
        {
            0 => random.One(Atoms),
            1 => $"({Inner()} {random.One(["+", "-", "*", "/", "//", "%", "**", "~", "==", "<", "in", "and", "or"])} {Inner()})",
            2 => $"{Inner()}[{Inner()}]",
            3 => $"{Inner()}[{random.One(Atoms)}:{random.One(Atoms)}:{random.One(Atoms)}]",
            4 => $"({Inner()} if {Inner()} else {Inner()})",
            5 => $"[{Inner()}, {Inner()}]",
            6 => $"({Inner()} is {random.One(["defined", "string", "mapping", "iterable", "none", "odd", "divisibleby 3", "sameas none", "in [1]", "lower"])})",
            7 => $"({Inner()}).{random.One(["items()", "keys()", "get(1)", "strip()", "split('a')", "replace('a', 'bb')", "upper()", "title()", "startswith('a')", "join(['a'])", "format(1, a=2)", "center(20)", "zfill(9)", "splitlines()", "append(1)", "count('a')", "find('a', -9)", "partition('a')", "expandtabs(3)", "translate({})", "encode()"])}",
            _ => $"({Inner()} | {random.One(["tojson", "tojson(indent=2)", "length", "trim", "join(',')", "list", "items", "dictsort", "groupby('role')", "sort", "batch(2)", "slice(3)", "indent(4)", "string", "int", "float", "round(2)", "abs", "unique", "sum", "min", "max", "xmlattr", "urlize", "wordwrap(3)", "truncate(5)", "format(1)", "random", "reverse", "first", "last", "escape", "pprint", "filesizeformat", "center(9)", "striptags", "title", "capitalize", "wordcount", "map('upper')", "map(attribute='role')", "select('string')", "rejectattr('content')", "attr('role')", "urlencode", "forceescape", "replace('a', 'aa')"])})",
        };
    }

    private static JsonArray Turns(FuzzInput input)
    {
        try
        {
            return Alidade.Core.Files.Json.Parse(input["messages.json"]) as JsonArray ?? throw new AlidadeException("no list");
        }
        catch (JsonException)
        {
            throw new AlidadeException("no JSON: not the template's to say");
        }
    }
}
