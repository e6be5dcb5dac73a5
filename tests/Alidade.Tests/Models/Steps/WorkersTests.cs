using Alidade.Models.Steps;
using Alidade.Models.Quantized;

namespace Alidade.Tests.Models.Steps;

public sealed class WorkersTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(1000, 1)]
    [InlineData(1001, 10)]
    [InlineData(5, 10)]
    public void Every_piece_is_done_once(int count, int atOnce)
    {
        var pieces = new Counting(count);
        WithThreads(4, () => Workers.Run(pieces, count, atOnce));
        Assert.All(pieces.Times, times => Assert.Equal(1, times));
    }

    [Fact]
    public void An_exception_of_a_piece_reaches_the_caller() =>
        WithThreads(4, () => Assert.Throws<InvalidTimeZoneException>(() => Workers.Run(new Failing(), 100, 1)));

    private static void WithThreads(int threads, Action run)
    {
        var before = TorchSharp.torch.get_num_threads();
        TorchSharp.torch.set_num_threads(threads);
        try
        {
            run();
        }
        finally
        {
            TorchSharp.torch.set_num_threads(before);
        }
    }

    private sealed class Counting(int count) : IPieces
    {
        public int[] Times { get; } = new int[count];

        public void Run(int from, int to)
        {
            for (var piece = from; piece < to; piece++)
                Interlocked.Increment(ref Times[piece]);
        }
    }

    private sealed class Failing : IPieces
    {
        public void Run(int from, int to) => throw new InvalidTimeZoneException();
    }
}
