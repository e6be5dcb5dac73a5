using Alidade.Models;
using Alidade.Training.Catalogue;

namespace Alidade.Training.Jobs;

/// <summary>A token as a person looks at it.</summary>
/// <param name="Text">Its text.</param>
/// <param name="Scored">Whether it is learned from.</param>
public sealed record ShownToken(string Text, bool Scored);

/// <summary>A stretch of a row as a person looks at it.</summary>
/// <param name="Name">What it is, such as "chosen"; empty when the row is one stretch.</param>
/// <param name="Tokens">Its tokens.</param>
public sealed record ShownStretch(string Name, IReadOnlyList<ShownToken> Tokens);

/// <summary>A row as a person looks at it.</summary>
/// <param name="Id">The row.</param>
/// <param name="Stretches">Its stretches.</param>
public sealed record ShownTokens(string Id, IReadOnlyList<ShownStretch> Stretches);

/// <summary>What an objective makes of a file: rows as tokens with what is learned, and what is dropped and why.</summary>
/// <param name="File">The file.</param>
/// <param name="Objective">The objective.</param>
/// <param name="Rows">The first rows.</param>
/// <param name="Kept">Rows that can be trained on.</param>
/// <param name="Dropped">Rows that cannot, by reason.</param>
/// <param name="Truncated">Rows that lose their end.</param>
public sealed record RowTokens(string File, string Objective, IReadOnlyList<ShownTokens> Rows, int Kept, IReadOnlyDictionary<string, int> Dropped, int Truncated)
{
    /// <summary>An objective that learns from rows of such fields, where a person named none; the first of its kind stands for all.</summary>
    /// <param name="data">The file and how it is read.</param>
    /// <param name="fields">Names of the rows' fields.</param>
    public static (string Objective, TrainDataRecipe Data) Guess(TrainDataRecipe data, IReadOnlyList<string> fields)
    {
        bool Has(string field) => fields.Contains(field, StringComparer.Ordinal);
        return Has("chosen") ? ("dpo", data)
            : Has("response_0") ? ("cost_model", data)
            : Has("completions") ? (Has("labels") ? "prm" : "rrhf", data)
            : Has("completion") && Has("reward") ? ("a_lol", data)
            : Has("label") ? (Has("text") ? "classification" : "kto", data)
            : Has("refinement") ? ("sft", data with { Form = Has("feedback") ? DemonstrationForm.Refine : DemonstrationForm.Refinement })
            : Has("prompt") && !Has("completion") && !Has("messages") && !Has("text") ? ("grpo", data)
            : ("sft", data);
    }

    /// <summary>Looks at a file as an objective does.</summary>
    /// <param name="model">The model whose tokenizer and template are used.</param>
    /// <param name="objective">Name of the objective.</param>
    /// <param name="data">The file and how it is read; broken rows are counted, and nothing is held out.</param>
    /// <param name="rows">Rows to show.</param>
    /// <exception cref="Core.AlidadeException">There is no such objective, or no row of the file can be used.</exception>
    public static RowTokens Of(CausalLM model, string objective, TrainDataRecipe data, int rows)
    {
        var known = ObjectiveCatalogue.Find(objective);
        using var prepared = known.Family.Prepare(new(model, known.New(), new() { Data = data with { HeldOut = 0, DropInvalidRows = true } }));
        return new(
            data.File, data.Form == DemonstrationForm.Plain ? known.Name : $"{known.Name} with data.form {Core.Files.Json.ToNode(data.Form)}",
            [.. prepared.Shown().Take(rows).Select(r => new ShownTokens(r.Id, [.. r.Stretches.Select(s => new ShownStretch(s.Name, [.. s.Ids.Zip(s.Scored, (id, scored) => new ShownToken(model.Tokenizer.TokenText(id), scored))]))]))],
            prepared.Rows, prepared.Dropped, prepared.Truncated);
    }
}
