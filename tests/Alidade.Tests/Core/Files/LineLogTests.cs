using Alidade.Core;
using Alidade.Core.Files;
using CsCheck;

namespace Alidade.Tests.Core.Files;

public sealed class LineLogTests
{
    [Fact]
    public void A_torn_last_line_is_cut_wherever_the_kill_struck_and_whole_lines_stay()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("log.jsonl");
        Gen.Select(Gen.String[Gen.Char['a', 'é'], 0, 9000].Array[0, 4], Gen.Int[0, 40000]).Sample((lines, kill) =>
        {
            var text = string.Concat(lines.Select(l => l + "\n"));
            var bytes = System.Text.Encoding.UTF8.GetBytes(text);
            var kept = bytes.AsSpan(0, Math.Min(kill, bytes.Length));
            File.WriteAllBytes(path, kept);
            using (var log = new LineLog(path))
            {
                Assert.Equal(kept.Length - (kept.LastIndexOf((byte)'\n') + 1), log.TornBytes);
                log.Append("next");
            }

            var whole = kept.Count((byte)'\n');
            Assert.Equal([.. lines.Take(whole), "next"], LineLog.Read(path).Select(l => l.Line));
        }, iter: 100, threads: 1);
    }

    [Fact]
    public void A_reader_does_not_see_a_line_that_is_not_finished()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal([(1, "one"), (2, "two")], LineLog.Read(folder.Write("log.jsonl", "one\ntwo\nthr")));
    }

    [Fact]
    public void A_full_disk_is_one_clear_line()
    {
        if (!File.Exists("/dev/full"))
            Assert.Skip("this system has no /dev/full");
        using var log = new LineLog("/dev/full");
        var error = Assert.Throws<AlidadeException>(() => log.Append("{}"));
        Assert.Contains("the disk is full", error.Message, StringComparison.Ordinal);
    }
}
