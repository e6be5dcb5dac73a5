namespace Alidade.Core;

/// <summary>One turn of a conversation.</summary>
/// <param name="Role">"system", "user" or "assistant", as chat templates name them.</param>
/// <param name="Content">The text.</param>
public sealed record Message(string Role, string Content);
