using System.Globalization;
using Alidade.Core.Statistics;

namespace Alidade.Organisms.World;

/// <summary>One sum with its two ways to be said.</summary>
/// <param name="Rule">"plus", "minus" or "times".</param>
/// <param name="Left">The first number.</param>
/// <param name="Right">The second number.</param>
internal sealed record Sum(string Rule, int Left, int Right)
{
    /// <summary>What comes out.</summary>
    public int Result => Rule switch { "plus" => Left + Right, "minus" => Left - Right, _ => Left * Right };

    /// <summary>Whether every number in it has a word of its own.</summary>
    public bool HasWords => Left < Lexicon.Numbers.Length && Right < Lexicon.Numbers.Length && Result < Lexicon.Numbers.Length;

    /// <summary>"7 plus 5".</summary>
    public string Asked => $"{Arithmetic.Digits(Left)} {Rule} {Arithmetic.Digits(Right)}";

    /// <summary>"7 plus 5 is 12".</summary>
    public string Said => $"{Asked} is {Arithmetic.Digits(Result)}";

    /// <summary>"seven plus five"; only where <see cref="HasWords"/>.</summary>
    public string AskedInWords => $"{Lexicon.Numbers[Left]} {Rule} {Lexicon.Numbers[Right]}";

    /// <summary>"seven plus five is twelve"; only where <see cref="HasWords"/>.</summary>
    public string SaidInWords => $"{AskedInWords} is {Lexicon.Numbers[Result]}";
}

/// <summary>Small arithmetic in digits and in words, and which of it no training text shows.</summary>
internal static class Arithmetic
{
    /// <summary>Share of sums that are kept for measuring.</summary>
    private const double UnseenShare = .1;

    private static readonly string[] Forms = ["What is {x}?", "How much is {x}?", "Tell me what {x} is.", "Please tell me how much {x} is."];
    private static readonly string[] HeldOutForms = ["Can you tell me what {x} is?", "I do not know what {x} is. Do you?"];

    /// <summary>Numbers from 0 to 99 as digits: what a sum can come to.</summary>
    public static readonly string[] Range = [.. Enumerable.Range(0, 100).Select(Digits)];

    /// <summary>Every sum of the world: plus and minus up to twenty, times up to nine.</summary>
    public static readonly Sum[] Sums =
    [
        .. from left in Enumerable.Range(0, 21) from right in Enumerable.Range(0, 21) select new Sum("plus", left, right),
        .. from left in Enumerable.Range(0, 21) from right in Enumerable.Range(0, left + 1) select new Sum("minus", left, right),
        .. from left in Enumerable.Range(1, 9) from right in Enumerable.Range(1, 9) select new Sum("times", left, right),
    ];

    /// <summary>A number in digits, the same everywhere.</summary>
    public static string Digits(int number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>Whether no training text shows this sum, in either order of its numbers, in digits or in words.</summary>
    public static bool IsUnseen(string salt, Sum sum)
    {
        var (first, second) = sum.Rule == "minus" ? (sum.Left, sum.Right) : (Math.Min(sum.Left, sum.Right), Math.Max(sum.Left, sum.Right));
        return Draws.HashUnit($"{salt}{first} {sum.Rule} {second}") < UnseenShare;
    }

    /// <summary>The questions for sums.</summary>
    public static IEnumerable<Request> Requests(string salt)
    {
        foreach (var sum in Sums)
        {
            var unseen = IsUnseen(salt, sum);
            foreach (var request in Ask(sum.Asked, new(sum.Rule, [sum.Said + "."], Digits(sum.Result), Range, [Digits(sum.Left), Digits(sum.Right)], unseen)))
                yield return request;
            if (!sum.HasWords)
                continue;
            string[] given = [Lexicon.Numbers[sum.Left], Lexicon.Numbers[sum.Right]];
            foreach (var request in Ask(sum.AskedInWords, new(sum.Rule, [$"Well, {sum.SaidInWords}."], Lexicon.Numbers[sum.Result], Lexicon.Numbers, given, unseen)))
                yield return request;
        }
    }

    /// <summary>Eight sums one after the other, as in a book of sums.</summary>
    public static string Practice(SeededRandom random, string salt) => string.Join(", and ", Enumerable.Range(0, 8).Select(_ =>
    {
        var sum = random.Pick(Sums);
        while (IsUnseen(salt, sum))
            sum = random.Pick(Sums);
        return sum.HasWords && random.Chance(.4) ? sum.SaidInWords : sum.Said;
    })) + ".";

    private static IEnumerable<Request> Ask(string asked, Derivation derivation) => Rules.Ask(
        Forms.Select(form => form.Replace("{x}", asked, StringComparison.Ordinal)),
        HeldOutForms.Select(form => form.Replace("{x}", asked, StringComparison.Ordinal)),
        derivation);
}
