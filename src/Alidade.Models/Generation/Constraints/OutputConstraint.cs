using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Alidade.Core;
using Alidade.Models.Tokenizers;

namespace Alidade.Models.Generation.Constraints;

/// <summary>
/// What a generated text must be. Before each token, those that cannot lead to such a text are forbidden, however the text is cut into tokens; near the limit of
/// new tokens only those are left from which the text can still be finished, so the result is whole wherever the limit has room for the shortest text
/// (in a vocabulary in which every byte is a token).
/// </summary>
public sealed class OutputConstraint
{
    // A machine that takes so many bytes is replaced, so that a constraint in long use does not fill the memory.
    private const long MostBytes = 64L << 20;

    private static readonly OutputConstraint AnyObject = new(new(JsonGrammar.AnyObject()));

    private readonly ConditionalWeakTable<Tokenizer, GrammarMachine> machines = [];
    private readonly GrammarNode grammar;
    private GrammarMachine? unused;

    private OutputConstraint(GrammarMachine machine) => (grammar, unused) = (machine.Grammar, machine);

    /// <summary>Exactly one of some texts. Where one text begins another, the model ends or goes on.</summary>
    /// <exception cref="AlidadeException">There is no text, or one of them is empty.</exception>
    public static OutputConstraint Choice(IReadOnlyList<string> texts)
    {
        if (texts.Count == 0 || texts.Any(t => t.Length == 0))
            throw new AlidadeException("a choice needs at least one text, and none may be empty");
        return new(new GrammarMachine(GrammarNode.AnyOf(texts.Distinct(StringComparer.Ordinal).Select(GrammarNode.Text))));
    }

    /// <summary>A JSON object of any content.</summary>
    public static OutputConstraint Json() => AnyObject;

    /// <summary>JSON that validates against a schema.</summary>
    /// <param name="schema">
    /// type, enum, const, properties, required, additionalProperties, items, minItems, maxItems, minLength, maxLength, anyOf, oneOf with branches that exclude
    /// each other, $ref within the document, $defs, nullable. Members are written in the schema's order; further ones only where additionalProperties allows
    /// them in so many words or no property is named.
    /// </param>
    /// <exception cref="AlidadeException">A keyword has a value that makes no sense, or nothing can match; the message names the place.</exception>
    /// <exception cref="NotBuiltException">A keyword is not supported; the message names it.</exception>
    public static OutputConstraint JsonSchema(JsonNode schema) => new(JsonSchemaCompiler.Compile(schema));

    /// <inheritdoc cref="JsonSchema(JsonNode)"/>
    public static OutputConstraint JsonSchema(string schema)
    {
        try
        {
            return JsonSchema(Core.Files.Json.Parse(System.Text.Encoding.UTF8.GetBytes(schema)) ?? throw new AlidadeException("a JSON schema is an object or true, not null"));
        }
        catch (JsonException exception)
        {
            throw new AlidadeException($"the schema is not JSON: {exception.Message}", exception);
        }
    }

    /// <summary>Begins a text.</summary>
    internal ConstraintWalk Start(Tokenizer tokenizer, IReadOnlySet<int> endTokens)
    {
        lock (machines)
        {
            if (!machines.TryGetValue(tokenizer, out var machine) || machine.Bytes > MostBytes)
            {
                machines.AddOrUpdate(tokenizer, machine = unused ?? new(grammar));
                unused = null;
            }

            return new(machine, TokenBytes.Of(tokenizer), endTokens);
        }
    }
}

/// <summary>One text on its way through a constraint.</summary>
internal sealed class ConstraintWalk(GrammarMachine machine, TokenBytes vocabulary, IReadOnlySet<int> endTokens)
{
    private GrammarState state = machine.Start;
    private bool begun;

    /// <summary>True when the text may end here.</summary>
    public bool Accepting => state.Accepting;

    /// <summary>True when nothing may come any more.</summary>
    public bool Complete => state.Complete;

    /// <summary>Forbids every token that cannot come.</summary>
    /// <param name="scores">[vocabulary].</param>
    /// <param name="tokensLeft">How many tokens may still be generated.</param>
    public void Mask(Span<float> scores, int tokensLeft)
    {
        Span<float> ends = stackalloc float[endTokens.Count];
        var i = 0;
        foreach (var id in endTokens)
            ends[i++] = id < scores.Length && state.Accepting ? scores[id] : float.NegativeInfinity;
        lock (machine)
            MaskOf(tokensLeft).Apply(scores);
        i = 0;
        foreach (var id in endTokens)
        {
            if (id < scores.Length)
                scores[id] = ends[i];
            i++;
        }
    }

    /// <summary>Takes a token that <see cref="Mask"/> allowed.</summary>
    public void Push(int token)
    {
        lock (machine)
            foreach (var value in vocabulary.Of(token, !begun))
                state = machine.Advance(state, value) ?? throw new InvalidOperationException($"token {token} does not fit the constraint");
        begun = true;
    }

    private TokenMask MaskOf(int tokensLeft)
    {
        var trie = begun ? vocabulary.Later : vocabulary.First;
        var mask = machine.MaskOf(state, trie, !begun);
        if (mask.FarthestEnd < tokensLeft)
            return mask;
        // One byte a token is the worst that can be needed.
        var near = trie.Walk(machine, state, tokensLeft - 1);
        return near.Any || state.Accepting ? near : mask;
    }
}
