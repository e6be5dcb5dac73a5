using Alidade.Models.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Models.Native;

public sealed class NativeErrorsTests
{
    [Fact]
    public void A_native_failure_is_one_line_with_operation_shapes_and_reason()
    {
        using var scope = NewDisposeScope();
        var (a, b) = (zeros(2, 3), zeros(4, 5));
        var error = Assert.Throws<TensorException>(() => NativeErrors.Run("forward of layer 3", () => a.mm(b), a, null, b));
        Assert.StartsWith("forward of layer 3 of [2, 3] Float32, [4, 5] Float32 failed: ", error.Message, StringComparison.Ordinal);
        Assert.Contains("2x3 and 4x5", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        Assert.DoesNotContain("frame #", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Too_little_memory_says_what_to_do()
    {
        var error = Assert.Throws<TensorException>(() => NativeErrors.Run("logits", () => { using var huge = zeros(1L << 50); }));
        Assert.Contains("not enough memory; use a smaller batch", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Results_pass_through_and_other_errors_stay_as_they_are()
    {
        Assert.Equal(3, NativeErrors.Run("sum", () => 3));
        Assert.Throws<InvalidOperationException>(() => NativeErrors.Run("sum", () => throw new InvalidOperationException()));
    }
}
