using Alidade.Models.Quantized;

namespace Alidade.Tests.Models.Quantized;

public sealed unsafe class LargePagesTests
{
    [Fact]
    public void Pieces_of_every_size_hold_what_was_written_until_they_are_given_back()
    {
        int[] sizes = [1, 64, 100, 553_000, 2 << 20, 5 << 20, 8 << 20, 30_000_001, 1000, (8 << 20) - 1, 77];
        var chunks = new LargePages[sizes.Length];
        var pieces = new nint[sizes.Length];
        for (var i = 0; i < sizes.Length; i++)
        {
            chunks[i] = LargePages.Take((nuint)sizes[i], out var piece);
            pieces[i] = (nint)piece;
            Assert.Equal(0, pieces[i] % 64);
            new Span<byte>(piece, sizes[i]).Fill((byte)(i + 1));
            // Half of them go, so that chunks are freed between.
            if (i % 2 == 1)
                chunks[i - 1].Return();
        }

        for (var i = 1; i < sizes.Length; i += 2)
            Assert.Equal(-1, new ReadOnlySpan<byte>((byte*)pieces[i], sizes[i]).IndexOfAnyExcept((byte)(i + 1)));
        for (var i = 1; i < sizes.Length; i += 2)
            chunks[i].Return();
        chunks[^1].Return();
    }

    [Fact]
    public void Small_pieces_share_a_chunk()
    {
        var first = LargePages.Take(1000, out _);
        var second = LargePages.Take(1000, out _);
        var third = LargePages.Take(1000, out _);
        // Tests beside this one take pieces too, so that one of the three may begin a new chunk.
        Assert.True(first == second || second == third);
        first.Return();
        second.Return();
        third.Return();
    }
}
