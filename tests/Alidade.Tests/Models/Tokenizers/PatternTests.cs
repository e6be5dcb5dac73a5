using Alidade.Core;
using Alidade.Models.Tokenizers;

namespace Alidade.Tests.Models.Tokenizers;

/// <summary>Patterns work on code points and speak Oniguruma's Ruby syntax.</summary>
public sealed class PatternTests
{
    [Theory]
    [InlineData(@"\p{L}+", "a𠮷𝒜 b", "a𠮷𝒜|b")]
    [InlineData(@"[^\s\p{L}\p{N}]", "😀é€", "😀|€")]
    [InlineData(@"\s+(?!\S)|\s+", "a   b", "  | ")]
    [InlineData(@"\p{N}{1,3}", "1234567", "123|456|7")]
    [InlineData(@"a{2}", "aaaaa", "aa|aa")]
    [InlineData(@"(?i:'s|'ll)", "'S 'Ll 'ſ", "'S|'Ll|'ſ")]
    [InlineData(@"(?<=[a-z])[A-Z]", "aBCdE", "B|E")]
    [InlineData(@"(?<!a)b", "abcb", "b")]
    [InlineData(@"(\p{L})\1", "aabbcd𠮷𠮷", "aa|bb|𠮷𠮷")]
    [InlineData(@"(?:ab)+?c|ab", "ababcab", "ababc|ab")]
    [InlineData(@"(?:a|ab)(?:c|bcd)(?:d*)", "abcd", "abcd")]
    [InlineData(@"a++b|a", "aaab", "aaab")]
    [InlineData(@"a++ab|b", "aaab", "b")]
    [InlineData(@"\s+$", "a  \nb ", "  | ")]
    [InlineData(@"[a-z&&[^aeiou]]+", "hello", "h|ll")]
    [InlineData(@"[[:alpha:]_]+", "ab_c1", "ab_c")]
    [InlineData(@"\p{Han}+", "漢字かな", "漢字")]
    [InlineData(@"\x{10400}|[\x{10401}-\x{10402}]", "\U00010400\U00010402", "\U00010400|\U00010402")]
    [InlineData(@"\X", "e\u0301x", "e\u0301|x")]
    [InlineData(@"[\]\-a]+", "]-ab", "]-a")]
    [InlineData(@"(a*)*b|c", "aaac", "c")]
    public void A_pattern_finds_its_matches(string pattern, string text, string expected) =>
        Assert.Equal(expected, string.Join('|', Matches(pattern, text)));

    [Theory]
    [InlineData("(a")]
    [InlineData("a)")]
    [InlineData("[a")]
    [InlineData("*a")]
    [InlineData("[z-a]")]
    [InlineData(@"\x{110000}")]
    public void A_malformed_pattern_is_refused_with_the_place(string pattern)
    {
        var error = Assert.Throws<AlidadeException>(() => new RegexPattern(pattern, "file: field"));
        Assert.StartsWith("file: field: the pattern", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nesting_cannot_overflow_the_stack()
    {
        Assert.Throws<AlidadeException>(() => new RegexPattern(new string('(', 100_000), "f"));
        Assert.Throws<AlidadeException>(() => new RegexPattern(new string('[', 100_000), "f"));
    }

    [Fact]
    public void A_pattern_that_backtracks_without_end_is_stopped()
    {
        var error = Assert.Throws<AlidadeException>(() => Matches("(?:a|aa)+b", new string('a', 5000)));
        Assert.Contains("too many steps", error.Message, StringComparison.Ordinal);
    }

    private static List<string> Matches(string pattern, string text)
    {
        var spans = new List<TextSpan>();
        new RegexPattern(pattern, "test").Find(text, spans);
        return spans.ConvertAll(s => text[s.Start..s.End]);
    }
}
