namespace Alidade.Evaluation.TextOverlap;

/// <summary>Porter's stemmer for English with NLTK's extensions, which ROUGE uses.</summary>
/// <remarks>Porter 1980, "An algorithm for suffix stripping", Program 14(3); the departures are those of NLTK 3.9 in its default mode: a table of irregular words,
/// words of one or two letters stay, "ies" and "ied" after one letter keep the e, y → i only after a consonant that is not the first letter, "bli" → "ble",
/// "fulli" → "ful", "logi" → "log" measured with the l, "alli" again, and vowel + consonant at the beginning of a word ends a syllable.</remarks>
internal static class PorterStemmer
{
    private static readonly Dictionary<string, string> Irregular =
        "sky skies:sky dying:die lying:lie tying:tie news innings:inning inning outings:outing outing cannings:canning canning howe proceed exceed succeed"
        .Split(' ').Select(entry => entry.Split(':')).ToDictionary(entry => entry[0], entry => entry[^1], StringComparer.Ordinal);

    private static readonly (string Suffix, string By)[] DoubleSuffixes =
    [
        ("ational", "ate"), ("tional", "tion"), ("enci", "ence"), ("anci", "ance"), ("izer", "ize"), ("bli", "ble"), ("alli", "al"), ("entli", "ent"), ("eli", "e"),
        ("ousli", "ous"), ("ization", "ize"), ("ation", "ate"), ("ator", "ate"), ("alism", "al"), ("iveness", "ive"), ("fulness", "ful"), ("ousness", "ous"),
        ("aliti", "al"), ("iviti", "ive"), ("biliti", "ble"), ("fulli", "ful"),
    ];

    private static readonly (string Suffix, string By)[] ThirdSuffixes =
        [("icate", "ic"), ("ative", ""), ("alize", "al"), ("iciti", "ic"), ("ical", "ic"), ("ful", ""), ("ness", "")];

    private static readonly string[] LastSuffixes =
        ["al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent", "ion", "ou", "ism", "ate", "iti", "ous", "ive", "ize"];

    /// <summary>The stem of a word in lower case.</summary>
    public static string Stem(string word) =>
        Irregular.TryGetValue(word, out var stem) ? stem
        : word.Length <= 2 ? word
        : Step5(Step4(Step3(Step2(Step1C(Step1B(Step1A(word)))))));

    // Plurals.
    private static string Step1A(string word) =>
        Ends(word, "ies") ? (word.Length == 4 ? word[..^1] : word[..^2])
        : Ends(word, "sses") ? word[..^2]
        : Ends(word, "ss") ? word
        : Ends(word, "s") ? word[..^1]
        : word;

    // -ed and -ing.
    private static string Step1B(string word)
    {
        if (Ends(word, "ied"))
            return word.Length == 4 ? word[..^1] : word[..^2];
        if (Ends(word, "eed"))
            return Measure(word[..^3]) > 0 ? word[..^1] : word;
        var stem = Ends(word, "ed") && HasVowel(word[..^2]) ? word[..^2] : Ends(word, "ing") && HasVowel(word[..^3]) ? word[..^3] : null;
        if (stem is null)
            return word;
        if (Ends(stem, "at") || Ends(stem, "bl") || Ends(stem, "iz"))
            return stem + "e";
        if (stem.Length >= 2 && stem[^1] == stem[^2] && IsConsonant(stem, stem.Length - 1))
            return stem[^1] is 'l' or 's' or 'z' ? stem : stem[..^1];
        return Measure(stem) == 1 && EndsShort(stem) ? stem + "e" : stem;
    }

    private static string Step1C(string word) => Ends(word, "y") && word.Length > 2 && IsConsonant(word, word.Length - 2) ? word[..^1] + "i" : word;

    private static string Step2(string word)
    {
        if (Ends(word, "alli") && Measure(word[..^4]) > 0)
            return Step2(word[..^2]);
        foreach (var (suffix, by) in DoubleSuffixes)
            if (Ends(word, suffix))
                return Measure(word[..^suffix.Length]) > 0 ? word[..^suffix.Length] + by : word;
        return Ends(word, "logi") && Measure(word[..^3]) > 0 ? word[..^1] : word;
    }

    private static string Step3(string word)
    {
        foreach (var (suffix, by) in ThirdSuffixes)
            if (Ends(word, suffix))
                return Measure(word[..^suffix.Length]) > 0 ? word[..^suffix.Length] + by : word;
        return word;
    }

    private static string Step4(string word)
    {
        foreach (var suffix in LastSuffixes)
            if (Ends(word, suffix))
            {
                var stem = word[..^suffix.Length];
                return Measure(stem) > 1 && (suffix != "ion" || stem[^1] is 's' or 't') ? stem : word;
            }

        return word;
    }

    // A last e, then a double l.
    private static string Step5(string word)
    {
        if (Ends(word, "e") && word[..^1] is var stem && (Measure(stem) > 1 || (Measure(stem) == 1 && !EndsShort(stem))))
            word = stem;
        return Ends(word, "ll") && Measure(word[..^1]) > 1 ? word[..^1] : word;
    }

    private static bool Ends(string word, string suffix) => word.EndsWith(suffix, StringComparison.Ordinal);

    private static bool IsConsonant(string word, int at) =>
        word[at] is not ('a' or 'e' or 'i' or 'o' or 'u') && (word[at] != 'y' || at == 0 || !IsConsonant(word, at - 1));

    private static bool HasVowel(string word) => Enumerable.Range(0, word.Length).Any(i => !IsConsonant(word, i));

    /// <summary>m of [C](VC)^m[V]: how often a vowel is followed by a consonant.</summary>
    private static int Measure(string word) => Enumerable.Range(1, Math.Max(0, word.Length - 1)).Count(i => !IsConsonant(word, i - 1) && IsConsonant(word, i));

    /// <summary>Consonant, vowel, consonant other than w, x, y at the end; or a word of vowel and consonant.</summary>
    private static bool EndsShort(string word) => word.Length switch
    {
        >= 3 => IsConsonant(word, word.Length - 3) && !IsConsonant(word, word.Length - 2) && IsConsonant(word, word.Length - 1) && word[^1] is not ('w' or 'x' or 'y'),
        2 => !IsConsonant(word, 0) && IsConsonant(word, 1),
        _ => false,
    };
}
