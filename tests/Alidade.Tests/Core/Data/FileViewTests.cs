using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Files;

namespace Alidade.Tests.Core.Data;

public sealed class FileViewTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("a.jsonl", "{\"q\":\"x\",\"n\":1}\n\n{\"q\":null,\"n\":\"y\",\"more\":[1]}\n", RowForm.JsonLines, "q:1 n:2 more:1", "x")]
    [InlineData("a.json", "{\"q\":\"x\"}\n{\"q\":\"y\"}\n", RowForm.JsonLines, "q:2", "x")]
    [InlineData("a.json", " [{\"q\":\"x\"},{\"q\":\"\"}]", RowForm.JsonList, "q:1", "x")]
    [InlineData("a.json", "{\n \"one\": {\"a\": 1},\n \"two\": 2\n}", RowForm.JsonEntries, "key:2 value:2", "one")]
    [InlineData("a.csv", ",q\n0,\"x\ny\"\n1,\n", RowForm.Table, ":2 q:1", "0")]
    [InlineData("a.csv", "q\rx\ry\r", RowForm.Table, "q:2", "x")]
    [InlineData("a.tsv", "q\tr\nx, y\tz\nu\tv\n", RowForm.Table, "q:2 r:2", "x, y")]
    [InlineData("a.txt", "x\r\n\r\n  \r\ny", RowForm.Lines, "text:2", "x")]
    public void A_file_is_shown_as_what_it_is(string name, string text, RowForm form, string fields, string first)
    {
        foreach (var (path, bytes) in new[] { (name, Encoding.UTF8.GetBytes(text)), ("bom." + name, [0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes(text)]), (name + ".gz", Zipped(text)) })
        {
            File.WriteAllBytes(folder.File(path), bytes);
            var view = FileView.Of(folder.File(path), firstRows: 1);
            Assert.Equal((form, 2, bytes.Length, ContentHash.OfBytes(bytes)), (view.Form, view.Rows, view.Bytes, view.Sha256));
            Assert.Equal(fields, string.Join(' ', view.Fields.Select(f => $"{f.Name}:{f.Filled}")));
            Assert.Equal(first, Assert.Single(view.FirstRows).First().Value.GetString());
        }
    }

    [Fact]
    public void The_kinds_of_a_field_are_told_the_commonest_first() => Assert.Equal(
        ["a number", "a text", "true or false", "a list", "an object"],
        FileView.Of(folder.Write("a.jsonl", "{\"v\":1}\n{\"v\":\"1\"}\n{\"v\":2}\n{\"v\":true}\n{\"v\":[]}\n{\"v\":{}}\n{\"v\":null}"), 0).Fields.Single().Kinds);

    [Fact]
    public void Rows_without_a_header_and_rows_at_the_ends_of_nested_objects_are_read_where_they_are_asked_for()
    {
        string[] Of(string path, RowForm form) => [.. RowFile.Read(path, form).Select(r => string.Join(' ', r().Fields.Select(f => $"{f.Key}={f.Value}")))];
        Assert.Equal(["1=a 2=b", "1=c 2=d"], Of(folder.Write("a.csv", "a,b\nc,d\n"), RowForm.HeaderlessTable));
        Assert.Equal(["key=g/e value=p", "key=g/e value=q", "key=g/f value=r", "key=h value=s"], Of(folder.Write("a.json", """{"g":{"e":["p","q"],"f":["r"]},"h":"s","i":[]}"""), RowForm.JsonLeaves));
    }

    [Theory]
    [InlineData("a.jsonl", "{\"q\":1}\n{\"q\":}\n", "a.jsonl:2", "column 6")]
    [InlineData("a.jsonl", "{\"q\":1}\n[1]\n", "a.jsonl:2", "array")]
    [InlineData("a.jsonl", "{\"q\":1}\n{\"deep\":[{\"q\":\"\\ud800\"}]}\n", "a.jsonl:2", "field 'deep'", "surrogate")]
    [InlineData("a.jsonl", "{\"\\ud800\":1}\n", "a.jsonl:1", "surrogate")]
    [InlineData("a.json", "{\"\\ud800\":1}", "a.json (row):1", "surrogate")]
    [InlineData("a.json", "[{\"q\":1},2]", "a.json (row):2", "number")]
    [InlineData("a.csv", "a,b\n1,2\n3\n", "a.csv:3", "the row has 1 fields, the header names 2")]
    [InlineData("a.xml", "<a/>", "a.xml", ".jsonl")]
    [InlineData("a.jsonl.gz", "{}", "a.jsonl.gz", "no gzip")]
    public void A_malformed_file_is_told_with_file_and_row_and_field(string name, string text, params string[] says)
    {
        var path = folder.Write(name, text);
        var wrong = Assert.ThrowsAny<AlidadeException>(() => FileView.Of(path, 2));
        Assert.All(says, s => Assert.Contains(s, wrong.Message, StringComparison.Ordinal));
    }

    private static byte[] Zipped(string text)
    {
        using var bytes = new MemoryStream();
        using (var zip = new GZipStream(bytes, CompressionMode.Compress))
            zip.Write(Encoding.UTF8.GetBytes(text));
        return bytes.ToArray();
    }
}
