namespace Alidade.Models;

/// <summary>What forward passes keep for the backward pass.</summary>
public enum KeptActivations
{
    /// <summary>All that the graph needs.</summary>
    All,

    /// <summary>The input of each block and the values of its products with weights; the rest is computed again: two fifths of the memory for little time.</summary>
    Products,

    /// <summary>The input of each block; backward runs the blocks again, for about a third more time.</summary>
    Inputs,
}
