using System.Globalization;
using System.Text;

namespace Alidade.Models.Tokenizers;

/// <summary>
/// Bytes to text as they come: an unfinished character is held back, each longest invalid part becomes U+FFFD. A surrogate written in UTF-8 (ED A0…BF) counts
/// as unfinished until its third byte is there, as in Python's decoder.
/// </summary>
internal sealed class Utf8Stream
{
    private readonly Decoder decoder = System.Text.Encoding.UTF8.GetDecoder();
    private byte[] held = [];

    /// <summary>What may be shown after more bytes.</summary>
    public string Read(ReadOnlySpan<byte> more) => Read(more, flush: false);

    /// <summary>What is left, with U+FFFD for an unfinished character.</summary>
    public string Flush() => Read([], flush: true);

    private string Read(ReadOnlySpan<byte> more, bool flush)
    {
        if (held.Length > 0)
            more = (byte[])[.. held, .. more];
        var keep = flush ? 0 : more switch
        {
            [.., 0xED] => 1,
            [.., 0xED, >= 0xA0 and <= 0xBF] => 2,
            _ => 0,
        };
        held = keep == 0 ? [] : more[^keep..].ToArray();
        more = more[..^keep];
        var characters = new char[decoder.GetCharCount(more, flush)];
        return new(characters, 0, decoder.GetChars(more, characters, flush));
    }
}

/// <summary>Tokens of the byte alphabet are bytes of UTF-8; each longest invalid part becomes U+FFFD.</summary>
internal sealed class ByteLevelDecoder : IDecoder
{
    /// <inheritdoc/>
    public bool GivesParts => true;

    /// <inheritdoc/>
    public ITokenSink Before(ITokenSink next, DecodingMode mode) => new Bytes(next, mode);

    private sealed class Bytes(ITokenSink next, DecodingMode mode) : ITokenSink
    {
        private readonly Utf8Stream utf8 = new();
        private readonly List<byte> waiting = [];
        private bool begun;

        public void Put(string text, bool continues)
        {
            var bytes = ByteAlphabet.Decode(text);
            if (mode == DecodingMode.Whole)
                waiting.AddRange(bytes);
            else
                Pass(utf8.Read(bytes));
        }

        public void End()
        {
            Pass(utf8.Read(waiting.ToArray()) + utf8.Flush());
            next.End();
        }

        private void Pass(string text)
        {
            next.Put(text, begun);
            begun = true;
        }
    }
}

/// <summary>
/// Runs of byte tokens <c>&lt;0x41&gt;</c> are UTF-8. As a whole, a run that is not valid gives U+FFFD for each of its bytes, as in the reference; as a stream
/// only its invalid parts do, because what was shown is not taken back.
/// </summary>
internal sealed class ByteFallbackDecoder : IDecoder
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <inheritdoc/>
    public bool GivesParts => true;

    /// <inheritdoc/>
    public ITokenSink Before(ITokenSink next, DecodingMode mode) => mode == DecodingMode.Whole ? new Runs(next) : new Stream(next);

    private static int ByteOf(string token) =>
        token is ['<', '0', 'x', _, _, '>'] && byte.TryParse(token.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) ? value : -1;

    private sealed class Runs(ITokenSink next) : ITokenSink
    {
        private readonly List<byte> run = [];

        public void Put(string text, bool continues)
        {
            if (ByteOf(text) is var value and >= 0)
            {
                run.Add((byte)value);
                return;
            }

            Pass();
            next.Put(text, continues: false);
        }

        public void End()
        {
            Pass();
            next.End();
        }

        private void Pass()
        {
            if (run.Count == 0)
                return;
            try
            {
                next.Put(Strict.GetString([.. run]), continues: false);
            }
            catch (DecoderFallbackException)
            {
                foreach (var _ in run)
                    next.Put("\uFFFD", continues: false);
            }

            run.Clear();
        }
    }

    private sealed class Stream(ITokenSink next) : ITokenSink
    {
        private readonly Utf8Stream utf8 = new();
        private bool inRun;

        public void Put(string text, bool continues)
        {
            if (ByteOf(text) is var value and >= 0)
            {
                Pass(utf8.Read([(byte)value]));
                return;
            }

            Pass(utf8.Flush());
            inRun = false;
            next.Put(text, continues: false);
        }

        public void End()
        {
            Pass(utf8.Flush());
            next.End();
        }

        private void Pass(string text)
        {
            if (text.Length == 0)
                return;
            next.Put(text, inRun);
            inRun = true;
        }
    }
}
