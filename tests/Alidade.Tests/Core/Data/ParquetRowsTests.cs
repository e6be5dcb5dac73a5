using Alidade.Core;
using Alidade.Core.Data;
using Parquet.Serialization;

namespace Alidade.Tests.Core.Data;

public sealed class ParquetRowsTests
{
    private sealed class Turn
    {
        public string? role { get; set; }

        public string? content { get; set; }
    }

    private sealed class Row
    {
        public string? prompt { get; set; }

        public string? chosen { get; set; }

        public string? rejected { get; set; }

        public double? margin { get; set; }
    }

    private sealed class Talk
    {
        public List<Turn>? messages { get; set; }
    }

    [Fact]
    public async Task Preference_pairs_read_as_they_do_from_json_lines()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("pairs.parquet");
        Row[] rows = [.. Enumerable.Range(0, 25).Select(i => new Row { prompt = $"question {i} é", chosen = "yes", rejected = "no", margin = i % 2 == 0 ? 0.5 : 0.25 })];
        await ParquetSerializer.SerializeAsync(rows, path, cancellationToken: TestContext.Current.CancellationToken);
        var read = PreferenceFile.Read(path);
        Assert.Equal(rows.Select(r => (r.prompt, r.chosen, r.margin)), read.Rows.Select(r => (r.Prompt.Text, (string?)r.Chosen, r.Margin)));
        var lines = folder.Write("pairs.jsonl", string.Concat(rows.Select(r => System.Text.Json.JsonSerializer.Serialize(r) + "\n")));
        Assert.Equal(PreferenceFile.Read(lines).Rows.Select(r => r.Id), read.Rows.Select(r => r.Id));
        Assert.Equal(RowForm.Parquet, FileView.Of(path, 1).Form);
        Assert.Equal(25, FileView.Of(path, 1).Rows);
    }

    [Fact]
    public async Task Conversations_are_lists_of_structures()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("talks.parquet");
        Talk[] talks = [new() { messages = [new() { role = "user", content = "a" }, new() { role = "assistant", content = "b" }] }, new() { messages = [new() { role = "user", content = "c" }, new() { role = "assistant", content = "d" }] }];
        await ParquetSerializer.SerializeAsync(talks, path, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(["b", "d"], DemonstrationFile.Read(path).Rows.Cast<ConversationDemonstration>().Select(r => r.Messages[1].Content));
    }

    [Fact]
    public async Task A_row_that_cannot_be_used_is_named_by_its_number()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("pairs.parquet");
        Row[] rows = [new() { prompt = "a", chosen = "b", rejected = "c" }, new() { prompt = "a", chosen = "b" }];
        await ParquetSerializer.SerializeAsync(rows, path, cancellationToken: TestContext.Current.CancellationToken);
        var error = Assert.ThrowsAny<AlidadeException>(() => { PreferenceFile.Read(path); });
        Assert.Contains("(row):2: field 'rejected' is missing", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_cut_or_changed_anywhere_is_one_line_or_read()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("pairs.parquet");
        Row[] rows = [.. Enumerable.Range(0, 20).Select(i => new Row { prompt = $"question {i}", chosen = "yes", rejected = "no" })];
        await ParquetSerializer.SerializeAsync(rows, path, cancellationToken: TestContext.Current.CancellationToken);
        var bytes = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        var random = new Random(7);
        for (var i = 0; i < 150; i++)
        {
            var changed = i % 3 == 0 ? bytes[..random.Next(bytes.Length)] : [.. bytes];
            for (var j = 0; j < i % 3 && changed.Length > 4; j++)
                changed[4 + random.Next(changed.Length - 4)] = (byte)random.Next(256);
            var broken = folder.File("broken.parquet");
            await File.WriteAllBytesAsync(broken, changed, TestContext.Current.CancellationToken);
            try
            {
                PreferenceFile.Read(broken, options: new() { DropInvalidRows = true });
            }
            catch (AlidadeException exception)
            {
                Assert.DoesNotContain('\n', exception.Message);
            }
        }
    }
}
