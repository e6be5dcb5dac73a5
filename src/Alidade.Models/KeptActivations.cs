namespace Alidade.Models;

/// <summary>What forward passes keep for the backward pass.</summary>
public enum KeptActivations
{
    /// <summary>All that the graph needs.</summary>
    All,

    /// <summary>The input of each block, the values of its products with weights, and what attention gives; what lies between is computed again, a block at a time.</summary>
    Products,

    /// <summary>The input of each block; backward runs the blocks again, for about a third more time.</summary>
    Inputs,
}
