using System.Globalization;
using Alidade.Core;

namespace Alidade.Models.Tokenizers;

/// <summary>Runs a pattern's program over one text by backtracking, one code point at a time, with its own stack and a limit on the work.</summary>
internal ref struct PatternMatcher
{
    // Kinds of entries on the stack: where to go on, what a run may give back, what a note held before.
    private const int Resume = 0, GiveBack = 1, Undo = 2;
    private const int StackPerCharacter = 64, StackAtLeast = 1 << 22;
    private const long WorkPerCharacter = 2_000, WorkAtLeast = 10_000_000;

    private readonly ReadOnlySpan<char> text;
    private readonly int[] notes;
    private readonly string where;
    private int[] stack;
    private int top;
    private long work;

    /// <summary>A matcher for one text.</summary>
    public PatternMatcher(ReadOnlySpan<char> text, int slots, string where)
    {
        this.text = text;
        this.where = where;
        notes = new int[slots];
        Array.Fill(notes, -1);
        stack = new int[64];
        work = Math.Max(WorkAtLeast, WorkPerCharacter * text.Length);
    }

    /// <summary>Forgets the groups of an earlier match.</summary>
    public readonly void Reset() => Array.Fill(notes, -1);

    /// <summary>The end of the match that starts at <paramref name="start"/>, or −1.</summary>
    public int Match(PatternInstruction[] code, int start)
    {
        var bottom = top;
        var position = start;
        var at = 0;
        for (; ; )
        {
            if (--work < 0)
                throw new AlidadeException($"{where}: the pattern needs too many steps on a text of {text.Length} characters");
            ref readonly var step = ref code[at];
            var matched = true;
            switch (step.Operation)
            {
                case PatternOperation.Set:
                    if (position < text.Length && step.Set!.Contains(CodePoints.At(text, position)))
                        position += CodePoints.LengthAt(text, position);
                    else
                        matched = false;
                    at++;
                    break;
                case PatternOperation.Run:
                    matched = Run(step, ref position, at + 1, code[at + 1].Operation == PatternOperation.Match);
                    at++;
                    break;
                case PatternOperation.Split:
                    Push(Resume, step.B, position, 0);
                    at = step.A;
                    break;
                case PatternOperation.Jump:
                    at = step.A;
                    break;
                case PatternOperation.Note:
                    Push(Undo, step.A, notes[step.A], 0);
                    notes[step.A] = position;
                    at++;
                    break;
                case PatternOperation.Moved:
                    matched = notes[step.A] != position;
                    at++;
                    break;
                case PatternOperation.Again:
                    matched = Again(step.A, ref position);
                    at++;
                    break;
                case PatternOperation.Place:
                    matched = Holds((PatternPlace)step.A, position);
                    at++;
                    break;
                case PatternOperation.Look:
                    var from = step.A == 0 ? position : Back(position, step.A - 1);
                    matched = (from >= 0 && Match(step.Inner!, from) >= 0) != (step.B == 1);
                    at++;
                    break;
                case PatternOperation.Atomic:
                    var end = Match(step.Inner!, position);
                    matched = end >= 0;
                    position = matched ? end : position;
                    at++;
                    break;
                case PatternOperation.Grapheme:
                    matched = position < text.Length;
                    position += matched ? StringInfo.GetNextTextElementLength(text[position..]) : 0;
                    at++;
                    break;
                case PatternOperation.Match:
                    top = bottom;
                    return position;
            }

            if (!matched && !Backtrack(bottom, ref at, ref position))
                return -1;
        }
    }

    private bool Run(in PatternInstruction step, ref int position, int next, bool final)
    {
        var count = 0;
        var least = position;
        var set = step.Set!;
        var here = position;
        while (count < step.B && here < text.Length)
        {
            var c = text[here];
            if (c < 0xD800)
            {
                if (!set.Contains(c))
                    break;
                here++;
            }
            else
            {
                if (!set.Contains(CodePoints.At(text, here)))
                    break;
                here += CodePoints.LengthAt(text, here);
            }

            if (++count == step.A)
                least = here;
        }

        work -= count;
        if (count < step.A)
            return false;
        if (count > step.A && !final)
            Push(GiveBack, next, here, least);
        position = here;
        return true;
    }

    private bool Backtrack(int bottom, ref int at, ref int position)
    {
        while (top > bottom)
        {
            top -= 4;
            var (kind, a, b, c) = (stack[top], stack[top + 1], stack[top + 2], stack[top + 3]);
            switch (kind)
            {
                case Resume:
                    (at, position) = (a, b);
                    return true;
                case GiveBack:
                    position = b - CodePoints.LengthBefore(text, b);
                    at = a;
                    if (position > c)
                        Push(GiveBack, a, position, c);
                    return true;
                default:
                    notes[a] = b;
                    break;
            }
        }

        return false;
    }

    private void Push(int kind, int a, int b, int c)
    {
        if (top + 4 > Math.Max(StackAtLeast, (long)StackPerCharacter * text.Length))
            throw new AlidadeException($"{where}: the pattern needs too much memory on a text of {text.Length} characters");
        if (top + 4 > stack.Length)
            Array.Resize(ref stack, 2 * stack.Length);
        (stack[top], stack[top + 1], stack[top + 2], stack[top + 3]) = (kind, a, b, c);
        top += 4;
    }

    private readonly bool Again(int slot, ref int position)
    {
        if (slot + 1 >= notes.Length || notes[slot] < 0 || notes[slot + 1] < notes[slot])
            return false;
        var earlier = text[notes[slot]..notes[slot + 1]];
        if (!text[position..].StartsWith(earlier))
            return false;
        position += earlier.Length;
        return true;
    }

    private readonly int Back(int position, int characters)
    {
        for (; characters > 0; characters--)
        {
            if (position == 0)
                return -1;
            position -= CodePoints.LengthBefore(text, position);
        }

        return position;
    }

    private readonly bool Holds(PatternPlace place, int position) => place switch
    {
        PatternPlace.LineStart => position == 0 || (text[position - 1] == '\n' && position < text.Length),
        PatternPlace.LineEnd => position == text.Length || text[position] == '\n',
        PatternPlace.TextStart => position == 0,
        PatternPlace.TextEnd => position == text.Length,
        PatternPlace.TextEndBeforeLineFeed => position == text.Length || (position == text.Length - 1 && text[position] == '\n'),
        PatternPlace.WordBoundary => IsBoundary(position),
        _ => !IsBoundary(position),
    };

    private readonly bool IsBoundary(int position)
    {
        var before = position > 0 && CharacterSet.Word.Contains(CodePoints.Before(text, position));
        var after = position < text.Length && CharacterSet.Word.Contains(CodePoints.At(text, position));
        return before != after;
    }
}
