using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Alidade.Core.Files;
using Alidade.Core.Recipes;

namespace Alidade.Training.Jobs;

/// <summary>A recipe with every setting that a training ran with, as JSON: those of its objective and of the rules of its rewards too.</summary>
internal static class RecipeText
{
    private static readonly JsonSerializerOptions Whole = new(Json.Indented)
    {
        Converters = { new RuntimeTypes() },
        TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { KeysAlone } },
    };

    /// <summary>The text.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="objective">Its objective, with its options.</param>
    public static string Of(TrainRecipe recipe, object objective)
    {
        var node = JsonSerializer.SerializeToNode(recipe, Whole)!.AsObject();
        node["objective"] = JsonSerializer.SerializeToNode(objective, objective.GetType(), Whole);
        return node.ToJsonString(Whole);
    }

    // What is no key is set by whoever runs the record: a model, a folder.
    private static void KeysAlone(JsonTypeInfo type)
    {
        foreach (var property in type.Properties.Where(p => p.AttributeProvider?.IsDefined(typeof(NoKeyAttribute), inherit: true) == true).ToArray())
            type.Properties.Remove(property);
    }

    // What is declared as an abstract record is one of several with options of their own.
    private sealed class RuntimeTypes : System.Text.Json.Serialization.JsonConverter<object>
    {
        public override bool CanConvert(Type type) => (type.IsAbstract || type.IsInterface) && type.Assembly == typeof(RuntimeTypes).Assembly;

        public override object Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => throw new NotSupportedException();

        public override void Write(Utf8JsonWriter writer, object value, JsonSerializerOptions options) => JsonSerializer.Serialize(writer, value, value.GetType(), options);
    }
}
