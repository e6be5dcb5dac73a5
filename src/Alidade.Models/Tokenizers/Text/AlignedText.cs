using Alidade.Core;

namespace Alidade.Models.Tokenizers;

/// <summary>
/// A text on its way through the normalizers: every UTF-16 unit knows which units of the original text it came from.
/// </summary>
/// <remarks>
/// Equal to NormalizedString of Hugging Face tokenizers, with UTF-16 units in place of UTF-8 bytes. While nothing has changed the alignment is the
/// identity and takes no memory; where only ids are wanted it is not kept at all. Immutable.
/// </remarks>
internal sealed class AlignedText
{
    // Compatibility forms make 18 characters of one; replacements one after the other could make any number.
    private const long MostAtLeast = 1 << 18, MostPerUnit = 64;

    private int most;
    private readonly int[]? starts;
    private readonly int[]? ends;

    /// <summary>A stretch of the original text that starts at its unit <paramref name="offset"/>, unchanged.</summary>
    public AlignedText(string text, int offset)
    {
        Text = text;
        most = (int)Math.Min(Array.MaxLength, MostAtLeast + (MostPerUnit * text.Length));
        Offset = offset;
    }

    /// <summary>A changed text; unit i came from the units starts[i] to ends[i] of the original. The arrays may be longer than the text.</summary>
    public AlignedText(string text, int[] starts, int[] ends, int offset)
        : this(text, offset)
    {
        this.starts = starts;
        this.ends = ends;
    }

    /// <summary>The text as it now is.</summary>
    public string Text { get; }

    /// <summary>False where nobody will ask for an origin, so that none is kept.</summary>
    public bool KeepsOrigins { get; init; } = true;

    /// <summary>True while the text is that of the original, and where no origins are kept.</summary>
    public bool IsIdentity => starts is null;

    /// <summary>Where the stretch starts in the original text.</summary>
    public int Offset { get; }

    /// <summary>The units of the original from which the character at <paramref name="unit"/> came.</summary>
    public (int Start, int End) Origin(int unit)
    {
        if (starts is not null)
            return (starts[unit], ends![unit]);
        var first = unit > 0 && char.IsLowSurrogate(Text[unit]) ? unit - 1 : unit;
        return (Offset + first, Offset + first + CodePoints.LengthAt(Text, first));
    }

    /// <summary>The units of the original from which a non-empty range came.</summary>
    public (int Start, int End) Origin(int start, int end) => (Origin(start).Start, Origin(end - 1).End);

    /// <summary>A stretch of the text as a text of its own; the text itself when that is all of it.</summary>
    public AlignedText Slice(int start, int length)
    {
        if (start == 0 && length == Text.Length)
            return this;
        var part = Text.Substring(start, length);
        return starts is null ? new(part, Offset + start) { KeepsOrigins = KeepsOrigins, most = most }
            : new(part, starts[start..(start + length)], ends![start..(start + length)], length > 0 ? starts[start] : Offset) { most = most };
    }

    /// <summary>
    /// Writes a new text over an old one: characters are put in order, each either in the place of old characters or beside them.
    /// </summary>
    /// <param name="source">The old text.</param>
    /// <param name="length">About how long the new text will be.</param>
    internal sealed class Builder(AlignedText source, int length)
    {
        private char[] text = new char[length + 8];
        private int[] starts = new int[source.KeepsOrigins ? length + 8 : 0];
        private int[] ends = new int[source.KeepsOrigins ? length + 8 : 0];
        private int count;
        private int position;

        /// <summary>A new text about as long as the old one.</summary>
        public Builder(AlignedText source)
            : this(source, source.Text.Length)
        {
        }

        /// <summary>The unit of the old text at which the next character stands.</summary>
        public int Position => position;

        /// <summary>The units of the new text so far.</summary>
        public int Length => count;

        /// <summary>Goes on at the unit <paramref name="start"/> of the old text.</summary>
        public void DropTo(int start) => position = start;

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
            var length = CodePoints.Utf16Length(codePoint);
            Reserve(length);
            if (source.KeepsOrigins)
            {
                var origin = (change > 0 || position >= source.Text.Length) && position == 0 ? (source.Offset, source.Offset)
                    : source.Origin(change > 0 || position >= source.Text.Length ? position - 1 : position);
                starts.AsSpan(count, length).Fill(origin.Item1);
                ends.AsSpan(count, length).Fill(origin.Item2);
            }

            if (change <= 0)
                Skip(1 - change);
            if (length == 2)
                char.ConvertFromUtf32(codePoint).CopyTo(text.AsSpan(count));
            else
                text[count] = (char)codePoint;
            count += length;
        }

        /// <summary>Keeps old characters up to the unit <paramref name="end"/>.</summary>
        public void KeepTo(int end)
        {
            var length = end - position;
            if (length <= 0)
                return;
            Reserve(length);
            source.Text.AsSpan(position, length).CopyTo(text.AsSpan(count));
            if (source.KeepsOrigins)
                for (var i = 0; i < length; i++)
                    (starts[count + i], ends[count + i]) = source.Origin(position + i);
            count += length;
            position = end;
        }

        /// <summary>The finished text.</summary>
        public AlignedText Build()
        {
            var changed = new string(text, 0, count);
            return source.KeepsOrigins ? new(changed, starts, ends, source.Offset) { most = source.most } : new(changed, source.Offset) { KeepsOrigins = false, most = source.most };
        }

        private void Reserve(int more)
        {
            if (count + more <= text.Length)
                return;
            if (count + more > source.most)
                throw new AlidadeException($"the tokenizer makes a text of more than {source.most} characters out of a short one");
            var size = Math.Max(2 * text.Length, count + more);
            Array.Resize(ref text, size);
            if (!source.KeepsOrigins)
                return;
            Array.Resize(ref starts, size);
            Array.Resize(ref ends, size);
        }
    }
}
