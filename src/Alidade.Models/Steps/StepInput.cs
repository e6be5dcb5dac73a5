using Alidade.Models.Quantized;

namespace Alidade.Models.Steps;

/// <summary>The input of a decoding step's projections: rows of numbers, rounded to bytes as well where weights are packed.</summary>
internal sealed unsafe class StepInput(bool rounds) : IDisposable
{
    private readonly QuantizedActivations rounded = new();

    /// <summary>[rows, columns].</summary>
    public float* Values { get; private set; }

    /// <summary>Number of rows.</summary>
    public int Rows { get; private set; }

    /// <summary>The same as bytes; empty where no weights are packed.</summary>
    public QuantizedActivations Rounded => rounded;

    /// <summary>Takes rows that stay where they are until the next ones are set.</summary>
    /// <param name="values">[rows, columns].</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="columns">Numbers of a row.</param>
    public void Set(float* values, int rows, int columns)
    {
        Values = values;
        Rows = rows;
        if (!rounds)
            return;
        rounded.Reset(rows, columns);
        for (var row = 0; row < rows; row++)
            rounded.Quantize(row, new(values + ((long)row * columns), columns));
    }

    /// <inheritdoc/>
    public void Dispose() => rounded.Dispose();
}
