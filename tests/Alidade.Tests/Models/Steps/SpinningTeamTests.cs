using Alidade.Models.Steps;
using Alidade.Models.Quantized;

namespace Alidade.Tests.Models.Steps;

public sealed class SpinningTeamTests
{
    [Theory]
    [InlineData(1, long.MaxValue)]
    [InlineData(3, long.MaxValue)]
    [InlineData(3, 1)]
    public void Every_piece_is_done_once_whoever_does_it(int threads, long multiplyAdds)
    {
        var pieces = new Counted(1000, failing: -1);
        for (var job = 1; job <= 200; job++)
        {
            SpinningTeam.Run(pieces, 1000, 7, multiplyAdds, threads);
            Assert.All(pieces.Done, d => Assert.Equal(job, d));
        }
    }

    [Fact]
    public void A_job_too_small_to_share_stays_with_its_caller()
    {
        var pieces = new Counted(100, failing: -1);
        SpinningTeam.Run(pieces, 100, 1, multiplyAdds: 1000, threads: 4);
        Assert.Equal([Environment.CurrentManagedThreadId], pieces.Threads);
    }

    [Fact]
    public void What_a_piece_throws_is_thrown_to_the_caller_and_the_team_goes_on()
    {
        Assert.Throws<InvalidOperationException>(() => SpinningTeam.Run(new Counted(100, failing: 63), 100, 1, long.MaxValue, 3));
        var pieces = new Counted(100, failing: -1);
        SpinningTeam.Run(pieces, 100, 1, long.MaxValue, 3);
        Assert.All(pieces.Done, d => Assert.Equal(1, d));
    }

    private sealed class Counted(int count, int failing) : IPieces
    {
        public int[] Done { get; } = new int[count];

        public HashSet<int> Threads { get; } = [];

        public void Run(int from, int to)
        {
            lock (Threads)
                Threads.Add(Environment.CurrentManagedThreadId);
            for (var i = from; i < to; i++)
                if (i == failing)
                    throw new InvalidOperationException("this piece fails");
                else
                    Interlocked.Increment(ref Done[i]);
        }
    }
}
