using Alidade.Models;
using Alidade.Models.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Models.Weights;

public sealed class TensorLayoutTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("alidade").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    public static TheoryData<string, long[]> Cases => new()
    {
        { "as is", [3] },
        { "as is", [2, 3, 4] },
        // More than one piece, with a last one that is not full.
        { "as is", [3001, 1500] },
        { "transposed", [6, 4] },
        { "transposed", [3001, 1500] },
        { "paired", [8, 5] },
        { "paired", [8] },
        { "paired", [3004, 1500] },
        { "shifted", [7] },
        { "shifted", [3001, 1500] },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void What_is_written_in_a_layout_is_read_back(string name, long[] shape)
    {
        using var scope = NewDisposeScope();
        var layout = Layout(name);
        var value = arange(shape.Aggregate(1L, (a, b) => a * b), ScalarType.Float32).view(shape);
        var inFile = layout.InFile(value).contiguous();
        Assert.Equal(layout.ShapeInFile(shape), inFile.shape);
        if (name != "as is")
            Assert.False(inFile.flatten().Equals(value.flatten()));
        var path = Path.Combine(folder, "model.safetensors");
        TensorFiles.Write(path, [("w", inFile)]);
        using var file = SafetensorsFile.Open(path);
        Assert.True(layout.Read(file, "w", shape, ScalarType.Float32, CPU).Equals(value));
        Assert.True(layout.Read(file, "w", shape, ScalarType.BFloat16, CPU).Equals(value.to(ScalarType.BFloat16)));
    }

    [Fact]
    public void Pairs_of_neighbours_become_halves()
    {
        using var scope = NewDisposeScope();
        // One head of four rows: the file has rows 0, 2, 1, 3 of the model.
        var inFile = TensorLayout.PairedRows(1).InFile(tensor(new float[] { 10, 11, 12, 13 }));
        Assert.Equal([10f, 12f, 11f, 13f], inFile.data<float>().ToArray());
    }

    private static TensorLayout Layout(string name) => name switch
    {
        "transposed" => TensorLayout.Transposed,
        "paired" => TensorLayout.PairedRows(2),
        "shifted" => TensorLayout.Shifted(1),
        _ => TensorLayout.AsIs,
    };
}
