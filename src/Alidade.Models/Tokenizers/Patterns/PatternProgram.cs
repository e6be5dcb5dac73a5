namespace Alidade.Models.Tokenizers;

/// <summary>What an instruction of a pattern's program does.</summary>
internal enum PatternOperation
{
    /// <summary>Takes one character of the set.</summary>
    Set,

    /// <summary>Takes A to B characters of the set, as many as may be; gives back one at a time.</summary>
    Run,

    /// <summary>Tries A first, B when that fails.</summary>
    Split,

    /// <summary>Goes on at A.</summary>
    Jump,

    /// <summary>Notes the position in slot A; a failure later undoes it.</summary>
    Note,

    /// <summary>Fails when the position is still that of slot A (a repeated part took nothing).</summary>
    Moved,

    /// <summary>Takes again what lies between slots A and A + 1.</summary>
    Again,

    /// <summary>A place in the text, A of <see cref="PatternPlace"/>.</summary>
    Place,

    /// <summary>Runs the inner program ahead (A = 0) or behind from A − 1 characters back; B = 1 wants it to fail.</summary>
    Look,

    /// <summary>Runs the inner program and keeps only its end.</summary>
    Atomic,

    /// <summary>Takes one grapheme cluster.</summary>
    Grapheme,

    /// <summary>The pattern has matched.</summary>
    Match,
}

/// <summary>One instruction; see <see cref="PatternOperation"/> for what A and B mean.</summary>
internal readonly record struct PatternInstruction(PatternOperation Operation, int A = 0, int B = 0, CharacterSet? Set = null, PatternInstruction[]? Inner = null);

/// <summary>Turns a parsed pattern into instructions for <see cref="PatternMatcher"/>.</summary>
internal sealed class PatternCompiler
{
    private const int LargestProgram = 50_000;
    private readonly string where;
    private readonly List<PatternInstruction> code = [];
    private int slots;

    private PatternCompiler(int slots, string where)
    {
        this.slots = slots;
        this.where = where;
    }

    /// <summary>Compiles one tree; <paramref name="slots"/> grows by the notes that its loops need.</summary>
    public static PatternInstruction[] Compile(PatternNode root, ref int slots, string where)
    {
        var compiler = new PatternCompiler(slots, where);
        compiler.Emit(root);
        compiler.code.Add(new(PatternOperation.Match));
        slots = compiler.slots;
        return [.. compiler.code];
    }

    private void Emit(PatternNode node)
    {
        if (code.Count > LargestProgram)
            throw new Core.AlidadeException($"{where}: the pattern is too large (more than {LargestProgram} steps)");
        switch (node)
        {
            case PatternNode.Set set:
                code.Add(new(PatternOperation.Set, Set: set.Characters));
                break;
            case PatternNode.Sequence sequence:
                foreach (var part in sequence.Parts)
                    Emit(part);
                break;
            case PatternNode.Alternation alternation:
                EmitAlternatives(alternation.Alternatives);
                break;
            case PatternNode.Repeat repeat:
                EmitRepeat(repeat);
                break;
            case PatternNode.Group group:
                code.Add(new(PatternOperation.Note, 2 * group.Number));
                Emit(group.Part);
                code.Add(new(PatternOperation.Note, 2 * group.Number + 1));
                break;
            case PatternNode.BackReference reference:
                code.Add(new(PatternOperation.Again, 2 * reference.Number));
                break;
            case PatternNode.Look look:
                EmitLook(look);
                break;
            case PatternNode.Atomic atomic:
                code.Add(new(PatternOperation.Atomic, Inner: Compile(atomic.Part, ref slots, where)));
                break;
            case PatternNode.Place place:
                code.Add(new(PatternOperation.Place, (int)place.Kind));
                break;
            default:
                code.Add(new(PatternOperation.Grapheme));
                break;
        }
    }

    private void EmitAlternatives(IReadOnlyList<PatternNode> alternatives)
    {
        var jumps = new List<int>();
        for (var i = 0; i < alternatives.Count - 1; i++)
        {
            var split = Reserve();
            Emit(alternatives[i]);
            jumps.Add(Reserve());
            code[split] = new(PatternOperation.Split, split + 1, code.Count);
        }

        Emit(alternatives[^1]);
        foreach (var jump in jumps)
            code[jump] = new(PatternOperation.Jump, code.Count);
    }

    private void EmitRepeat(PatternNode.Repeat repeat)
    {
        if (repeat is { Part: PatternNode.Set set, Lazy: false })
        {
            code.Add(new(PatternOperation.Run, repeat.Minimum, repeat.Maximum, set.Characters));
            return;
        }

        for (var i = 0; i < repeat.Minimum; i++)
            Emit(repeat.Part);
        if (repeat.Maximum == int.MaxValue)
        {
            var slot = slots++;
            var split = Reserve();
            code.Add(new(PatternOperation.Note, slot));
            Emit(repeat.Part);
            code.Add(new(PatternOperation.Moved, slot));
            code.Add(new(PatternOperation.Jump, split));
            code[split] = Choice(split + 1, code.Count, repeat.Lazy);
            return;
        }

        var splits = new List<int>();
        for (var i = repeat.Minimum; i < repeat.Maximum; i++)
        {
            splits.Add(Reserve());
            Emit(repeat.Part);
        }

        foreach (var split in splits)
            code[split] = Choice(split + 1, code.Count, repeat.Lazy);
    }

    private void EmitLook(PatternNode.Look look)
    {
        var negative = look.Negative ? 1 : 0;
        if (!look.Behind)
        {
            code.Add(new(PatternOperation.Look, 0, negative, Inner: Compile(look.Part, ref slots, where)));
            return;
        }

        // One look for each length; a negative look wants all of them to fail, a positive one any of them.
        var alternatives = look.Part is PatternNode.Alternation a ? a.Alternatives : [look.Part];
        var looks = alternatives.Select(part => (part.FixedLength, Program: Compile(part, ref slots, where))).ToList();
        var jumps = new List<int>();
        for (var i = 0; i < looks.Count; i++)
        {
            var split = look.Negative || i == looks.Count - 1 ? -1 : Reserve();
            code.Add(new(PatternOperation.Look, looks[i].FixedLength + 1, negative, Inner: looks[i].Program));
            if (split < 0)
                continue;
            jumps.Add(Reserve());
            code[split] = new(PatternOperation.Split, split + 1, code.Count);
        }

        foreach (var jump in jumps)
            code[jump] = new(PatternOperation.Jump, code.Count);
    }

    private int Reserve()
    {
        code.Add(default);
        return code.Count - 1;
    }

    private static PatternInstruction Choice(int inside, int after, bool lazy) =>
        lazy ? new(PatternOperation.Split, after, inside) : new(PatternOperation.Split, inside, after);
}
