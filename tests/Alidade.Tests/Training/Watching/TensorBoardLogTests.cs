using System.Buffers.Binary;
using Alidade.Core;
using Alidade.Tests.Core;
using Alidade.Training.Watching;

namespace Alidade.Tests.Training.Watching;

/// <summary>What is written reads back with the messages that TensorFlow's own definitions give (TorchSharp's copy of them) and a checksum computed bit by bit.</summary>
public sealed class TensorBoardLogTests
{
    [Fact]
    public void What_is_written_is_read_back_by_another_reader()
    {
        using var folder = new TemporaryFolder();
        using (var log = new TensorBoardLog(folder.File("board")))
        {
            log.Add(1, [new("train/loss", 0.5), new("train/gradient_norm", 3)]);
            log.Add(2_000_000_000_000, [new("train/loss", double.NaN)]);
        }

        var events = Records(Assert.Single(Directory.EnumerateFiles(folder.File("board"), "events.out.tfevents.*"))).Select(record => Tensorboard.Event.Parser.ParseFrom(record)).ToArray();
        Assert.Equal("brain.Event:2", events[0].FileVersion);
        Assert.Equal([("train/loss", 0.5f), ("train/gradient_norm", 3f)], events[1].Summary.Value.Select(v => (v.Tag, v.SimpleValue)));
        Assert.Equal(1, events[1].Step);
        Assert.InRange(events[1].WallTime, DateTimeOffset.UtcNow.ToUnixTimeSeconds() - 600, DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 600);
        Assert.Equal(2_000_000_000_000, events[2].Step);
        Assert.True(float.IsNaN(events[2].Summary.Value.Single().SimpleValue));
    }

    [Fact]
    public void A_folder_that_cannot_be_made_is_one_line()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("cannot write", Assert.Throws<AlidadeException>(() => new TensorBoardLog(Path.Combine(folder.Write("file", ""), "board"))).Message, StringComparison.Ordinal);
    }

    private static IEnumerable<byte[]> Records(string path)
    {
        var bytes = File.ReadAllBytes(path);
        for (var at = 0; at < bytes.Length;)
        {
            var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(at));
            Assert.Equal(Masked(bytes.AsSpan(at, 8)), BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at + 8)));
            Assert.Equal(Masked(bytes.AsSpan(at + 12, length)), BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at + 12 + length)));
            yield return bytes[(at + 12)..(at + 12 + length)];
            at += 16 + length;
        }
    }

    // CRC-32C (Castagnoli, reflected polynomial 82F63B78), bit by bit.
    private static uint Masked(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var b in bytes)
        {
            crc ^= b;
            for (var i = 0; i < 8; i++)
                crc = (crc >> 1) ^ ((crc & 1) * 0x82F63B78);
        }

        crc = ~crc;
        return ((crc >> 15) | (crc << 17)) + 0xa282ead8;
    }
}
