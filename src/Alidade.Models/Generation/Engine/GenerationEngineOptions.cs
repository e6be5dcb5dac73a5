using Alidade.Core;

namespace Alidade.Models.Generation.Engine;

/// <summary>How much a <see cref="GenerationEngine"/> does at once.</summary>
public sealed record GenerationEngineOptions
{
    /// <summary>Most rows that are decoded together. Default 16.</summary>
    public int MostRows { get; init; } = 16;

    /// <summary>Most requests that wait for a place; one more is refused (<see cref="EngineBusyException"/>). Default 256.</summary>
    public int MostWaiting { get; init; } = 256;

    /// <summary>
    /// Most tokens whose keys and values the running rows may need together, counted as rows × the longest row's prompt and limit of new tokens. Default 16,384.
    /// </summary>
    public int MostCacheTokens { get; init; } = 16384;

    /// <summary>Most prompt tokens that are read between two steps, so that running rows are not kept waiting; one prompt is always read whole. Default 1024.</summary>
    public int MostPromptTokens { get; init; } = 1024;

    /// <summary>Tokens whose keys and values are kept for the next turns of conversations; 0 for none. Default 4096.</summary>
    public int PrefixCacheTokens { get; init; } = 4096;

    /// <summary>Checks every value.</summary>
    /// <exception cref="AlidadeException">Some are out of range; the message names all of them.</exception>
    public void Validate()
    {
        var wrong = new List<string>();
        foreach (var (name, value, least) in new[]
        {
            ("most rows", MostRows, 1), ("most waiting", MostWaiting, 1), ("most cache tokens", MostCacheTokens, 2), ("most prompt tokens", MostPromptTokens, 1),
            ("prefix cache tokens", PrefixCacheTokens, 0),
        })
            if (value < least)
                wrong.Add($"{name} is {value}, it must be at least {least}");
        if (wrong.Count > 0)
            throw new AlidadeException(string.Join("; ", wrong));
    }
}

/// <summary>What an engine is doing.</summary>
/// <param name="Waiting">Requests that wait for a place.</param>
/// <param name="Running">Rows that are being decoded.</param>
/// <param name="TokensGenerated">Tokens since the engine was made.</param>
/// <param name="CacheTokens">Tokens of keys and values that the running rows hold, padding included.</param>
/// <param name="PrefixTokens">Tokens of keys and values that are kept for later.</param>
public sealed record GenerationEngineStatistics(int Waiting, int Running, long TokensGenerated, int CacheTokens, int PrefixTokens);

/// <summary>Too many requests wait already; try again later.</summary>
public sealed class EngineBusyException : AlidadeException
{
    /// <summary>Makes the error from its one-line message.</summary>
    public EngineBusyException(string message)
        : base(message)
    {
    }
}
