using System.Globalization;

namespace Alidade.Models.Chat.Jinja;

/// <summary>What Python's <c>str.is…</c> methods ask of characters.</summary>
internal static class CharacterClasses
{
    public static bool IsLetter(int code) => PyText.Category(code) is UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter
        or UnicodeCategory.TitlecaseLetter or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter;

    public static bool IsDecimal(int code) => PyText.Category(code) is UnicodeCategory.DecimalDigitNumber;

    /// <summary>Decimal digits and single digits in another shape, such as a superscript.</summary>
    public static bool IsDigit(int code) => CharUnicodeInfo.GetDigitValue(PyText.FromCode(code), 0) >= 0;

    public static bool IsNumeric(int code) => CharUnicodeInfo.GetNumericValue(PyText.FromCode(code), 0) >= 0 || PyText.Category(code) is
        UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber;

    public static bool IsUpperCharacter(int code) => PyText.Category(code) is UnicodeCategory.UppercaseLetter || code is (>= 0x2160 and <= 0x216F) or (>= 0x24B6 and <= 0x24CF);

    public static bool IsLowerCharacter(int code) =>
        PyText.Category(code) is UnicodeCategory.LowercaseLetter || code is 0xAA or 0xBA or (>= 0x2170 and <= 0x217F) or (>= 0x24D0 and <= 0x24E9);

    public static bool IsCased(int code) => IsUpperCharacter(code) || IsLowerCharacter(code) || PyText.Category(code) is UnicodeCategory.TitlecaseLetter;

    /// <summary>Characters that do not count when looking for a cased neighbour: marks, format characters, modifiers and the points within words.</summary>
    public static bool IsCaseIgnorable(char c) => c is '\'' or '.' or ':' or '\u00B7' or '\u2018' or '\u2019' or '\u2024' or '\u2027'
        || PyText.Category(c) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format or UnicodeCategory.ModifierLetter
            or UnicodeCategory.ModifierSymbol;

    public static bool IsLower(string text) => HasCase(text, IsLowerCharacter);

    public static bool IsUpper(string text) => HasCase(text, IsUpperCharacter);

    public static bool IsTitle(string text)
    {
        var (any, inWord) = (false, false);
        for (var i = 0; i < text.Length; i += PyText.WidthAt(text, i))
        {
            var code = PyText.CodeAt(text, i);
            if (IsCased(code) && IsLowerCharacter(code) != inWord)
                return false;
            inWord = IsCased(code);
            any |= inWord;
        }

        return any;
    }

    public static bool IsIdentifier(string text) => text.Length > 0 && !IsDecimal(PyText.CodeAt(text, 0))
        && PyText.All(text, c => c == '_' || IsLetter(c) || IsDecimal(c) || PyText.Category(c) is UnicodeCategory.LetterNumber
            or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.ConnectorPunctuation);

    // Some character has case, and all that have it are as asked.
    private static bool HasCase(string text, Func<int, bool> holds)
    {
        var any = false;
        for (var i = 0; i < text.Length; i += PyText.WidthAt(text, i))
        {
            var code = PyText.CodeAt(text, i);
            if (!IsCased(code))
                continue;
            if (!holds(code))
                return false;
            any = true;
        }

        return any;
    }
}
