using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Data.Catalogue;
using Alidade.Core.Results;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.Tasks.Filters;
using Alidade.Evaluation.Tasks.Harness;
using Alidade.Evaluation.Tasks.Metrics;
using Alidade.Models;
using Alidade.Models.Chat;

namespace Alidade.Evaluation.Tasks;

/// <summary>An item as it is asked.</summary>
/// <param name="Row">The row.</param>
/// <param name="Texts">Its texts.</param>
/// <param name="Contexts">What stands before the answer: one, or one for each beginning to choose from.</param>
/// <param name="Continuations">What is scored after it.</param>
/// <param name="Counted">The text whose words and bytes a perplexity counts.</param>
internal sealed record AskedDocument(FieldRow Row, DocumentTexts Texts, IReadOnlyList<Prompt> Contexts, IReadOnlyList<string> Continuations, string Counted);

/// <summary>What a declared task came to.</summary>
/// <param name="Results">Its numbers.</param>
/// <param name="Harness">The same for readers of lm-evaluation-harness's files.</param>
internal sealed record DeclaredOutcome(IReadOnlyList<MeasureResult> Results, HarnessTask Harness);

/// <summary>
/// A task that a file declares. (1) The templates make each row's texts; (2) examples and description stand in front; (3) the model is asked; (4) filters take answers out of
/// written text; (5) metrics score the items and make the numbers.
/// </summary>
/// <remarks>Number for number as lm-evaluation-harness 0.4.13, where the file says the same; <see cref="HarnessTask"/> has its standard errors.</remarks>
public sealed record DeclaredTask : IEvaluationTask
{
    /// <summary>The file.</summary>
    public required LoadedTaskFile Definition { get; init; }

    /// <summary>The rows.</summary>
    public required IReadOnlyList<FieldRow> Items { get; init; }

    /// <summary>Rows that examples are taken from; null for <see cref="Items"/>.</summary>
    public IReadOnlyList<FieldRow>? Pool { get; init; }

    /// <inheritdoc/>
    public string Name => Definition.Name;

    private TaskFile File => Definition.File;

    /// <summary>Reads a task's data.</summary>
    /// <param name="definition">The file.</param>
    /// <param name="find">Where a published file lies, by its name in the catalogue.</param>
    /// <exception cref="AlidadeException">The file names no data, or they cannot be read.</exception>
    public static DeclaredTask Open(LoadedTaskFile definition, Func<string, string> find)
    {
        if (definition.File.Data.Count == 0)
            throw new AlidadeException($"{definition.Path}: names no data; add: data: my-rows.jsonl");
        return Of(definition, Rows(definition, definition.File.Data, find), definition.File.Examples.Data is { } pool ? Rows(definition, [pool], find) : null);
    }

    /// <summary>A task over rows as they were read.</summary>
    /// <param name="definition">The file.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="pool">Rows that examples are taken from; null for the rows themselves.</param>
    internal static DeclaredTask Of(LoadedTaskFile definition, IReadOnlyList<FieldRow> rows, IReadOnlyList<FieldRow>? pool = null) => new()
    {
        Definition = definition,
        Items = Prepared(definition, rows),
        Pool = pool is null ? null : Prepared(definition, pool),
    };

    /// <summary>Paths of the data.</summary>
    internal static IEnumerable<string> PathsOf(LoadedTaskFile definition, Func<string, string> find) =>
        definition.File.Data.Concat(definition.File.Examples.Data is { } pool ? [pool] : []).Select(d => PathOf(definition, d, find));

    /// <inheritdoc/>
    public async Task<IReadOnlyList<MeasureResult>> RunAsync(EvaluationContext context) => (await MeasureAsync(context).ConfigureAwait(false)).Results;

    internal async Task<DeclaredOutcome> MeasureAsync(EvaluationContext context)
    {
        var inChat = File.Kind switch { TaskKind.Rolling => false, TaskKind.Generate => context.GeneratesInChat, _ => context.Chat == ChatUse.Always };
        var metrics = MetricTable.Of(File);
        var documents = Asked(Chosen(context), inChat);
        if (File.DropRefusedSystem && inChat && context.Model is LocalModel local)
            documents = [.. documents.Select(d => d with { Contexts = [.. d.Contexts.Select(c => Prompt.OfMessages(WithoutRefusedSystem(m => ChatEncoder.Render(local.Model, m), c.Messages!)))] })];
        var written = File is { Kind: TaskKind.MultipleChoice, Contexts.Count: 0 } && !context.Model.GivesLogLikelihoods;
        Request[][] requests = [.. documents.Select(d => written ? Lettered(d) : Requests(d, metrics.Any(m => m.NeedsUnconditional)))];
        var answers = await context.AskAsync(Name, [.. requests.SelectMany(r => r)]).ConfigureAwait(false);
        var scored = new List<ScoredItem>();
        for (int d = 0, at = 0; d < documents.Count; at += requests[d].Length, d++)
            scored.Add(new(documents[d], requests[d], [.. answers.Responses.Skip(at).Take(requests[d].Length)]));
        var chains = FilterTable.Of(File);
        var scoring = new DeclaredScoring(Definition, new TaskTexts(File), written ? MultipleChoice.Suffix(context.Model) : "", context.Seed);
        return scoring.Of(scored, written ? [.. metrics.Where(m => m.OfChosen)] : metrics, chains, answers.Cost);
    }

    /// <summary>The items as they are asked, in order: examples are drawn one item after the other.</summary>
    internal IReadOnlyList<AskedDocument> Asked(IReadOnlyList<FieldRow> rows, bool inChat)
    {
        var texts = new TaskTexts(File);
        var builder = new PromptBuilder(File, texts, inChat);
        var sampler = new FewShotSampler(File.Examples, Pool ?? Items, Pool is null);
        return [.. rows.Select(row =>
        {
            var document = texts.Of(row);
            return new AskedDocument(
                row,
                document,
                File.Kind == TaskKind.Rolling ? [] : builder.Of(row, document, sampler.For(row)),
                File.Kind switch
                {
                    TaskKind.MultipleChoice when document.Continuation is { } end => [builder.ChoiceDelimiter + end],
                    TaskKind.MultipleChoice => [.. document.Choices.Select(c => builder.ChoiceDelimiter + c)],
                    TaskKind.Loglikelihood => [File.Delimiter + document.Gold!.Texts[0]],
                    _ => [],
                },
                texts.Counted(row, document.Prompt));
        })];
    }

    private static IReadOnlyList<FieldRow> Rows(LoadedTaskFile definition, IReadOnlyList<string> data, Func<string, string> find) =>
        data.All(d => IsPublished(definition, d)) ? FieldRow.Read(data, find) : FieldRow.Read([.. data.Select(d => PathOf(definition, d, find))], definition.File.Rows);

    internal static string PathOf(LoadedTaskFile definition, string data, Func<string, string> find) => IsPublished(definition, data) ? find(data) : OwnPath(definition, data);

    private static bool IsPublished(LoadedTaskFile definition, string data) => DataCatalogue.HasFile(data) && !System.IO.File.Exists(OwnPath(definition, data));

    private static string OwnPath(LoadedTaskFile definition, string data) => Path.Combine(TaskFiles.IsFile(definition.Path) ? Path.GetDirectoryName(definition.Path) ?? "" : "", data);

    private static IReadOnlyList<FieldRow> Prepared(LoadedTaskFile definition, IReadOnlyList<FieldRow> rows)
    {
        if (definition.File.Prepare is { } prepare)
            rows = [.. rows.Select(r => Preparations.Apply(prepare, r))];
        if (definition.File.Keep is not { } keep)
            return rows;
        var template = TextTemplate.Parse("{{ 1 if (" + keep.Trim().TrimStart('{').TrimEnd('}') + ") else 0 }}", "keep");
        var kept = rows.Where(r => TaskTexts.Text(template, r) == "1").ToArray();
        return kept.Length > 0 ? kept : throw new AlidadeException($"{definition.Path}: 'keep' keeps none of the {rows.Count} rows");
    }

    // Groups of rows are chosen whole.
    private IReadOnlyList<FieldRow> Chosen(EvaluationContext context)
    {
        if (File.ExactGroups < 2 || context.Limit is not { } limit)
            return context.Choose(Items);
        var groups = Items.Chunk(File.ExactGroups).ToDictionary(g => g[0].Id, StringComparer.Ordinal);
        return [.. ItemChoice.Of([.. groups.Values.Select(g => g[0])], Math.Max(1, limit / File.ExactGroups), context.Seed).SelectMany(g => groups[g.Id])];
    }

    private Request[] Requests(AskedDocument document, bool unconditional)
    {
        if (File.Kind == TaskKind.Rolling)
            return [new RollingRequest(document.Texts.Prompt)];
        if (File.Kind == TaskKind.Generate)
            return [Written(document.Contexts[0])];
        var scored = document.Contexts.Select(c => (Request)new ContinuationRequest(c, document.Continuations));
        return unconditional ? [.. scored, Unconditional(document)] : [.. scored];
    }

    private GenerationRequest Written(Prompt prompt) => new(prompt)
    {
        MaxNewTokens = File.Generate.MaxNewTokens,
        Stop = File.Generate.Stop ?? [File.Examples.Separator],
        Temperature = File.Generate.Temperature,
        TopP = File.Generate.TopP,
        Samples = File.Generate.Samples,
    };

    private static ContinuationRequest Unconditional(AskedDocument document) => document.Texts.Continuation is null ? new("", document.Continuations)
        : throw new AlidadeException($"{document.Row.Place}: acc_mutual_info is one of choices, not of contexts");

    private static Request[] Lettered(AskedDocument document) =>
        [new GenerationRequest(new Message("user", MultipleChoice.Lettered(new(document.Contexts[0], document.Continuations, document.Contexts[0].Messages is [.., var last] ? last.Content : document.Contexts[0].Text!, document.Texts.Choices)))) { MaxNewTokens = 32 }];

    /// <summary>A conversation without its system message where the template refuses one.</summary>
    internal static IReadOnlyList<Message> WithoutRefusedSystem(Action<IReadOnlyList<Message>> render, IReadOnlyList<Message> messages)
    {
        if (messages is not [{ Role: "system" }, ..])
            return messages;
        try
        {
            render(messages);
            return messages;
        }
        catch (AlidadeException)
        {
            return [.. messages.Skip(1)];
        }
    }
}
