using System.Text;
using Alidade.Core;

namespace Alidade.Models.Tokenizers;

/// <summary>A sink that changes each token by itself.</summary>
/// <param name="next">Where the changed tokens go.</param>
/// <param name="change">The change; it is told whether the token is the first.</param>
internal sealed class EachToken(ITokenSink next, Func<string, bool, string> change) : ITokenSink
{
    private bool begun;

    /// <inheritdoc/>
    public void Put(string text, bool continues)
    {
        next.Put(change(text, !begun), continues: false);
        begun = true;
    }

    /// <inheritdoc/>
    public void End() => next.End();
}

/// <summary>Joins all tokens into one.</summary>
internal sealed class FuseDecoder : IDecoder
{
    /// <inheritdoc/>
    public bool GivesParts => true;

    /// <inheritdoc/>
    public bool TakesParts => true;

    /// <inheritdoc/>
    public ITokenSink Before(ITokenSink next, DecodingMode mode) => new One(next);

    private sealed class One(ITokenSink next) : ITokenSink
    {
        private bool begun;

        public void Put(string text, bool continues)
        {
            next.Put(text, begun);
            begun = true;
        }

        public void End() => next.End();
    }
}

/// <summary>Replaces matches of a pattern in each token.</summary>
internal sealed class ReplaceDecoder(TextPattern pattern, string content) : IDecoder
{
    // Replacements one after the other could make any length of a short token.
    private const int MostGrown = 1 << 20;

    /// <inheritdoc/>
    public ITokenSink Before(ITokenSink next, DecodingMode mode) => new EachToken(next, (token, _) => Replaced(token));

    private string Replaced(string token)
    {
        var matches = new List<TextSpan>();
        pattern.Find(token, matches);
        if (matches.Count == 0)
            return token;
        var text = new StringBuilder();
        var done = 0;
        foreach (var match in matches)
        {
            text.Append(token, done, match.Start - done).Append(content);
            done = match.End;
            if (text.Length > Math.Max(MostGrown, token.Length))
                throw new AlidadeException($"the tokenizer's decoders make a text of more than {MostGrown} characters out of a token of {token.Length}");
        }

        return text.Append(token, done, token.Length - done).ToString();
    }
}

/// <summary>The visible space becomes a space; in the first token it is dropped where the text was given one.</summary>
internal sealed class MetaspaceDecoder(string replacement, bool dropFirst) : IDecoder
{
    /// <inheritdoc/>
    public ITokenSink Before(ITokenSink next, DecodingMode mode) =>
        new EachToken(next, (token, isFirst) => token.Replace(replacement, isFirst && dropFirst ? "" : " ", StringComparison.Ordinal));
}

/// <summary>Tokens without the prefix get a space in front; the clean-up takes spaces before punctuation and English contractions away.</summary>
internal sealed class WordPieceDecoder(string prefix, bool cleanUp) : IDecoder
{
    private static readonly (string From, string To)[] Changes =
    [
        (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"), (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"),
        (" 're", "'re"),
    ];

    /// <inheritdoc/>
    public ITokenSink Before(ITokenSink next, DecodingMode mode) => new EachToken(next, (token, isFirst) =>
    {
        token = isFirst ? token : token.StartsWith(prefix, StringComparison.Ordinal) ? token[prefix.Length..] : " " + token;
        return cleanUp ? CleanUp(token) : token;
    });

    /// <summary>The clean-up of one token.</summary>
    public static string CleanUp(string token)
    {
        foreach (var (from, to) in Changes)
            token = token.Replace(from, to, StringComparison.Ordinal);
        return token;
    }
}
