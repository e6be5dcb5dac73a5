using System.Text;

namespace Alidade.Models.Tokenizers;

/// <summary>
/// A text on its way through the normalizers: every UTF-16 unit knows which units of the original text it came from.
/// </summary>
/// <remarks>
/// Equal to NormalizedString of Hugging Face tokenizers, with UTF-16 units in place of UTF-8 bytes. While nothing has changed the alignment is the
/// identity and takes no memory. Immutable.
/// </remarks>
internal sealed class AlignedText
{
    private readonly int[]? starts;
    private readonly int[]? ends;
    private readonly int offset;

    /// <summary>A stretch of the original text that starts at its unit <paramref name="offset"/>, unchanged.</summary>
    public AlignedText(string text, int offset)
    {
        Text = text;
        this.offset = offset;
    }

    /// <summary>A changed text; unit i came from the units starts[i] to ends[i] of the original.</summary>
    public AlignedText(string text, int[] starts, int[] ends, int offset)
        : this(text, offset)
    {
        this.starts = starts;
        this.ends = ends;
    }

    /// <summary>The text as it now is.</summary>
    public string Text { get; }

    /// <summary>True while the text is that of the original.</summary>
    public bool IsIdentity => starts is null;

    /// <summary>Where the stretch starts in the original text.</summary>
    public int Offset => offset;

    /// <summary>The units of the original from which the character at <paramref name="unit"/> came.</summary>
    public (int Start, int End) Origin(int unit)
    {
        if (starts is not null)
            return (starts[unit], ends![unit]);
        var first = unit > 0 && char.IsLowSurrogate(Text[unit]) ? unit - 1 : unit;
        return (offset + first, offset + first + CodePoints.LengthAt(Text, first));
    }

    /// <summary>The units of the original from which a non-empty range came.</summary>
    public (int Start, int End) Origin(int start, int end) => (Origin(start).Start, Origin(end - 1).End);

    /// <summary>A stretch of the text as a text of its own; the text itself when that is all of it.</summary>
    public AlignedText Slice(int start, int length)
    {
        if (start == 0 && length == Text.Length)
            return this;
        var part = Text.Substring(start, length);
        return starts is null ? new(part, offset + start)
            : new(part, starts[start..(start + length)], ends![start..(start + length)], length > 0 ? starts[start] : offset);
    }

    /// <summary>
    /// Writes a new text over an old one: characters are put in order, each either in the place of old characters or beside them.
    /// </summary>
    internal sealed class Builder(AlignedText source)
    {
        private readonly StringBuilder text = new(source.Text.Length + 8);
        private readonly List<int> starts = new(source.Text.Length + 8);
        private readonly List<int> ends = new(source.Text.Length + 8);
        private int position;

        /// <summary>The unit of the old text at which the next character stands.</summary>
        public int Position => position;

        /// <summary>Drops the next <paramref name="characters"/> of the old text; what is inserted afterwards is aligned to the last of them.</summary>
        public void Skip(int characters)
        {
            for (; characters > 0 && position < source.Text.Length; characters--)
                position += CodePoints.LengthAt(source.Text, position);
        }

        /// <summary>
        /// Puts one character. <paramref name="change"/> 0: in the place of the next old character; −n: also drops the n after it;
        /// +1: inserted, aligned to the old character before it.
        /// </summary>
        public void Put(int codePoint, int change)
        {
            var origin = (change > 0 || position >= source.Text.Length) && position == 0 ? (source.offset, source.offset)
                : source.Origin(change > 0 || position >= source.Text.Length ? position - 1 : position);
            if (change <= 0)
                Skip(1 - change);
            for (var i = CodePoints.Utf16Length(codePoint); i > 0; i--)
            {
                starts.Add(origin.Item1);
                ends.Add(origin.Item2);
            }

            if (codePoint > 0xFFFF)
                text.Append(char.ConvertFromUtf32(codePoint));
            else
                text.Append((char)codePoint);
        }

        /// <summary>Keeps old characters up to the unit <paramref name="end"/>.</summary>
        public void KeepTo(int end)
        {
            while (position < end)
                Put(CodePoints.At(source.Text, position), 0);
        }

        /// <summary>The finished text.</summary>
        public AlignedText Build() => new(text.ToString(), [.. starts], [.. ends], source.offset);
    }
}
