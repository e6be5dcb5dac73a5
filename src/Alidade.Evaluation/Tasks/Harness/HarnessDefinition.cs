using System.Text.Json.Nodes;
using Alidade.Evaluation.Tasks.Metrics;

namespace Alidade.Evaluation.Tasks.Harness;

/// <summary>A task file in the keys of lm-evaluation-harness's task configurations.</summary>
internal static class HarnessDefinition
{
    public static JsonObject Of(string name, TaskFile file)
    {
        var definition = new JsonObject
        {
            ["task"] = name,
            ["dataset_path"] = string.Join(", ", file.Data),
            ["doc_to_text"] = file.Prompt,
            ["doc_to_target"] = file.Continuation ?? file.Answer ?? "",
            ["unsafe_code"] = false,
        };
        if (file.Choices.Count + file.Contexts.Count is var choices and > 0)
            definition["doc_to_choice"] = choices == 1 ? file.Choices.Concat(file.Contexts).Single() : Texts([.. file.Choices, .. file.Contexts]);
        definition["description"] = file.Description ?? "";
        definition["target_delimiter"] = file.Delimiter;
        definition["fewshot_delimiter"] = file.Examples.Separator;
        definition["fewshot_config"] = new JsonObject { ["sampler"] = file.Examples.Sampler == ExampleSampler.FirstN ? "first_n" : "default", ["split"] = file.Examples.Data };
        definition["num_fewshot"] = file.Examples.Count;
        definition["metric_list"] = new JsonArray([.. MetricTable.Of(file).Select(m => (JsonNode)new JsonObject { ["metric"] = m.Name, ["aggregation"] = m.Over.Name, ["higher_is_better"] = m.HigherIsBetter })]);
        definition["output_type"] = file.Kind switch { TaskKind.Generate => "generate_until", TaskKind.Rolling => "loglikelihood_rolling", TaskKind.Loglikelihood => "loglikelihood", _ => "multiple_choice" };
        if (file.Kind == TaskKind.Generate)
        {
            definition["generation_kwargs"] = new JsonObject
            {
                ["until"] = Texts(file.Generate.Stop ?? [file.Examples.Separator]),
                ["do_sample"] = file.Generate.Temperature > 0,
                ["max_gen_toks"] = file.Generate.MaxNewTokens,
            };
        }

        definition["repeats"] = file.Generate.Samples;
        if (file.Filters.Count > 0)
        {
            definition["filter_list"] = new JsonArray([.. file.Filters.Select(f => (JsonNode)new JsonObject
            {
                ["name"] = f.Name, ["filter"] = new JsonArray([.. f.Steps.Select(s => (JsonNode)Step(s))]),
            })]);
        }

        definition["should_decontaminate"] = false;
        definition["metadata"] = new JsonObject { ["version"] = PythonJson.Number(file.Version) };
        return definition;
    }

    private static JsonObject Step(FilterStep step)
    {
        var described = new JsonObject { ["function"] = step.Filter };
        if (step.Select != 0)
            described["group_select"] = step.Select;
        if (step.Pattern is not null)
            described["regex_pattern"] = step.Pattern;
        return described;
    }

    private static JsonArray Texts(IEnumerable<string> texts) => [.. texts.Select(t => (JsonNode)t)];
}
