using System.CommandLine;
using System.Globalization;
using System.Text;
using Alidade.Cli.Terminal;
using Alidade.Models.Encoders;

namespace Alidade.Cli.Commands;

/// <summary><c>alidade embed</c>: the vectors of texts, and how near they are to one another.</summary>
internal static class EmbedCommand
{
    public static Command Make()
    {
        var options = new EncoderOptions();
        var prompt = new Option<string?>("--prompt") { Description = "Name of a prompt of the model, such as query, to put in front of each text" };
        var command = new Command("embed", "Turn texts into vectors with a sentence encoder: their cosines as a table, the vectors with --json") { prompt };
        options.AddTo(command);
        command.SetAction(parsed =>
        {
            using var encoder = options.Load(parsed, SentenceEncoder.Load);
            var texts = parsed.GetValue(options.Texts)!;
            Output.Print(encoder.Embed(texts, parsed.GetValue(prompt), options.Rows(parsed)), parsed.GetValue(options.Json), result => Text(result, texts));
            return 0;
        });
        return command;
    }

    private static string Text(SentenceEmbeddings result, string[] texts)
    {
        var text = new StringBuilder();
        var cosines = result.Cosines();
        text.Append("   ");
        for (var i = 0; i < texts.Length; i++)
            text.Append(CultureInfo.InvariantCulture, $"{i + 1,8}");
        text.AppendLine();
        for (var i = 0; i < texts.Length; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"{i + 1,3}");
            foreach (var cosine in cosines[i])
                text.Append(CultureInfo.InvariantCulture, $"{cosine,8:f4}");
            text.Append("  ").AppendLine(Core.Reports.VisibleText.Line(texts[i]));
        }

        text.AppendLine(CultureInfo.InvariantCulture, $"{result.Vectors[0].Length} dimensions, {result.Tokens} tokens read, {result.Truncated} of {texts.Length} texts cut");
        return text.ToString();
    }
}
