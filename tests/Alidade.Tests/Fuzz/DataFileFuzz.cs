using System.IO.Compression;
using System.Text;
using Alidade.Core.Data;
using Alidade.Tests.Core;

namespace Alidade.Tests.Fuzz;

/// <summary>Files of rows in every format that is read, looked at as 'alidade data show' does.</summary>
public sealed class DataFileFuzz
{
    private static readonly string[] Words = ["\"", "'", ",", "\t", "\r", "\n", "\r\n", "{", "}", "[", "]", ":", "null", "true", "\\u", "\\ud800", "\\udc00", "\\\"", "\uFEFF", "\0", "é", "#", .. Mutation.Numbers];

    private static readonly (string Name, string Text)[] Seeds =
    [
        ("rows.jsonl", "{\"id\":1,\"prompt\":\"How?\",\"deep\":[{\"a\":[1,2,null]},\"\\u00e9\\ud83d\\ude00\"]}\n\n{\"id\":2,\"prompt\":\"\",\"more\":true}\n{\"id\":3}\n"),
        ("rows.json", "[{\"q\":\"x\",\"n\":1.5e3},{\"q\":\"y\",\"list\":[]},{\"q\":null}]"),
        ("entries.json", "{\n \"one\": {\"a\": 1, \"b\": [\"p\", \"q\"]},\n \"two\": [\"\\u0041\"],\n \"three\": null\n}"),
        ("rows.csv", ",question,answers\n0,\"What, \"\"then\"\"?\",\"a; b\nc\"\n1,plain,\n2,é,z\n"),
        ("rows.tsv", "question\tanswer\nx, y\tz\n\"quoted\ttab\"\t\n"),
        ("lines.txt", "1 [The developer] argued.\r\n\r\n2 Another \u2028 one\r3 last"),
    ];

    [Fact]
    public void A_mutated_data_file_is_shown_or_refused_in_one_line()
    {
        using var folder = new TemporaryFolder();
        FuzzRun.Inputs(
            "data",
            random =>
            {
                var (name, text) = random.One(Seeds);
                var bytes = Encoding.UTF8.GetBytes(random.Chance(0.7) ? Mutation.Text(random, text, Words) : text);
                if (random.Chance(0.3))
                    bytes = Mutation.Bytes(random, bytes);
                if (random.Chance(0.8))
                    return new((name, bytes));
                bytes = Zipped(bytes);
                return new((name + ".gz", random.Chance(0.5) ? Mutation.Bytes(random, bytes) : bytes));
            },
            input =>
            {
                foreach (var old in Directory.EnumerateFiles(folder.Path))
                    File.Delete(old);
                input.Write(folder.Path);
                FileView.Of(Directory.EnumerateFiles(folder.Path).Single(), firstRows: 2);
            });
    }

    private static byte[] Zipped(byte[] bytes)
    {
        using var zipped = new MemoryStream();
        using (var zip = new GZipStream(zipped, CompressionMode.Compress))
            zip.Write(bytes);
        return zipped.ToArray();
    }
}
