using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Alidade.Core;

namespace Alidade.Models.Generation.Constraints;

/// <summary>Where in a grammar a text may be: all ways to go on, each a stack of what must still come.</summary>
internal sealed class GrammarState(int[] stacks, int leastBytes)
{
    /// <summary>What one takes in memory: the references to the next ones, and its own numbers.</summary>
    public const int Bytes = (256 * 8) + 128;

    private readonly GrammarState?[] next = new GrammarState?[256];

    /// <summary>Numbers of the stacks, ascending; 0 is the empty one.</summary>
    public int[] Stacks => stacks;

    /// <summary>True when the text may end here.</summary>
    public bool Accepting => stacks is [0, ..];

    /// <summary>True when nothing may come any more.</summary>
    public bool Complete => stacks is [0];

    /// <summary>Fewest bytes that bring the text to an end.</summary>
    public int LeastBytes => leastBytes;

    /// <summary>The tokens that may come, once they are known.</summary>
    public TokenMask? Mask { get; set; }

    public ref GrammarState? Next(byte value) => ref next[value];
}

/// <summary>
/// Runs a grammar over bytes: a pushdown automaton whose stacks and states are numbered when they are first seen, so that every later visit is one look-up.
/// </summary>
/// <remarks>Not for several threads at once.</remarks>
internal sealed class GrammarMachine
{
    private const int Never = int.MaxValue / 4;
    private static readonly GrammarState Dead = new([], Never);

    private readonly List<(GrammarNode? Top, int Below, int LeastBytes)> stacks = [(null, 0, 0)];
    private readonly Dictionary<(GrammarNode Top, int Below), int> stackNumbers = [];
    private readonly Dictionary<string, GrammarState> states = new(StringComparer.Ordinal);
    private readonly Dictionary<(GrammarNode Item, int Least, int? Most), RepeatNode> repeats = [];
    private readonly Dictionary<GrammarNode, int> leastBytes = [];
    private TokenMask? firstMask;
    private long maskBytes;

    public GrammarMachine(GrammarNode grammar)
    {
        Grammar = grammar;
        // Least sizes are found from below: a grammar that contains itself needs several rounds.
        for (var changed = true; changed;)
        {
            changed = false;
            Measure(grammar, [], ref changed);
        }

        Start = StateOf([Push(grammar, 0)]);
    }

    /// <summary>What it runs.</summary>
    public GrammarNode Grammar { get; }

    /// <summary>Before the first byte.</summary>
    public GrammarState Start { get; }

    /// <summary>About how many bytes the states seen so far take, with their masks.</summary>
    public long Bytes => (states.Count * (long)GrammarState.Bytes) + maskBytes;

    /// <summary>True when some text matches.</summary>
    public bool MatchesSomething => Start.LeastBytes < Never;

    /// <summary>The tokens that may come in a state, wherever the text may end; walked once.</summary>
    /// <param name="state">The state.</param>
    /// <param name="vocabulary">The vocabulary at the beginning of a text, or behind other tokens: always the same two.</param>
    /// <param name="first">Whether it is that at the beginning.</param>
    public TokenMask MaskOf(GrammarState state, VocabularyTrie vocabulary, bool first)
    {
        if ((first ? firstMask : state.Mask) is { } known)
            return known;
        var mask = vocabulary.Walk(this, state, int.MaxValue);
        maskBytes += mask.Bits.Length * sizeof(ulong);
        return first ? firstMask = mask : state.Mask = mask;
    }

    /// <summary>The state after one more byte; null when the text cannot go on so.</summary>
    public GrammarState? Advance(GrammarState state, byte value)
    {
        ref var known = ref state.Next(value);
        if (known is null)
        {
            var after = new List<int>();
            foreach (var stack in state.Stacks)
                if (stacks[stack] is (ByteNode top, var below, _) && top.Allows(value))
                    after.Add(below);
            known = after.Count == 0 ? Dead : StateOf(after);
            if (known.LeastBytes >= Never)
                known = Dead;
        }

        return ReferenceEquals(known, Dead) ? null : known;
    }

    /// <summary>Call before descending into a part of a grammar, whose depth a schema decides.</summary>
    /// <exception cref="AlidadeException">The stack is used up.</exception>
    public static void Descend()
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw new AlidadeException("the schema is nested too deeply; make chains of references, lists of optional properties and names shorter");
    }

    private GrammarState StateOf(List<int> tops)
    {
        var open = new SortedSet<int>();
        var seen = new HashSet<int>();
        foreach (var stack in tops)
            Expand(stack, open, seen);
        int[] numbers = [.. open];
        var key = new string(MemoryMarshal.Cast<int, char>(numbers));
        if (!states.TryGetValue(key, out var state))
            states.Add(key, state = new(numbers, numbers.Length == 0 ? Never : numbers.Min(s => stacks[s].LeastBytes)));
        return state;
    }

    // Replaces the top of a stack until it is a byte, in every way.
    private void Expand(int stack, SortedSet<int> open, HashSet<int> seen)
    {
        if (!seen.Add(stack))
            return;
        Descend();
        var (top, below, least) = stacks[stack];
        if (least >= Never)
            return;
        switch (top)
        {
            case null or ByteNode:
                open.Add(stack);
                break;
            case SequenceNode sequence:
                for (var i = sequence.Parts.Count - 1; i >= 0; i--)
                    below = Push(sequence.Parts[i], below);
                Expand(below, open, seen);
                break;
            case ChoiceNode choice:
                foreach (var branch in choice.Branches)
                    Expand(Push(branch, below), open, seen);
                break;
            case RepeatNode repeat:
                if (repeat.Least == 0)
                    Expand(below, open, seen);
                if (repeat.Most is not 0)
                    Expand(Push(repeat.Item, Push(Fewer(repeat), below)), open, seen);
                break;
            case ReferenceNode reference:
                Expand(Push(reference.Target!, below), open, seen);
                break;
        }
    }

    private RepeatNode Fewer(RepeatNode repeat)
    {
        if (repeat is { Least: 0, Most: null })
            return repeat;
        var key = (repeat.Item, Math.Max(0, repeat.Least - 1), repeat.Most - 1);
        if (!repeats.TryGetValue(key, out var fewer))
            repeats.Add(key, fewer = new(key.Item1, key.Item2, key.Item3));
        return fewer;
    }

    private int Push(GrammarNode top, int below)
    {
        if (stackNumbers.TryGetValue((top, below), out var number))
            return number;
        number = stacks.Count;
        stacks.Add((top, below, Math.Min(Never, LeastBytes(top) + stacks[below].LeastBytes)));
        stackNumbers.Add((top, below), number);
        return number;
    }

    private int LeastBytes(GrammarNode node) => node is RepeatNode repeat ? Times(repeat) : leastBytes.GetValueOrDefault(node, Never);

    private int Times(RepeatNode repeat) => (int)Math.Min(Never, (long)repeat.Least * (repeat.Least == 0 ? 0 : LeastBytes(repeat.Item)));

    private void Measure(GrammarNode node, HashSet<GrammarNode> visited, ref bool changed)
    {
        if (!visited.Add(node))
            return;
        Descend();
        IEnumerable<GrammarNode> children = node switch
        {
            SequenceNode sequence => sequence.Parts,
            ChoiceNode choice => choice.Branches,
            RepeatNode repeat => [repeat.Item],
            ReferenceNode reference => [reference.Target!],
            _ => [],
        };
        foreach (var child in children)
            Measure(child, visited, ref changed);
        var least = node switch
        {
            SequenceNode sequence => (int)Math.Min(Never, sequence.Parts.Sum(p => (long)LeastBytes(p))),
            ChoiceNode choice => choice.Branches.Select(LeastBytes).DefaultIfEmpty(Never).Min(),
            RepeatNode repeat => Times(repeat),
            ReferenceNode reference => LeastBytes(reference.Target!),
            _ => 1,
        };
        if (least < leastBytes.GetValueOrDefault(node, Never))
        {
            leastBytes[node] = least;
            changed = true;
        }
    }
}
