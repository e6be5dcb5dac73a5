using System.Reflection.Metadata;

namespace Alidade.Models.Families;

/// <summary>Finds families, so that adding one is one file.</summary>
internal static class FamilyTypes
{
    /// <summary>One of each class of a namespace that derives from <typeparamref name="T"/> and can be made.</summary>
    public static IEnumerable<T> Made<T>(string space)
        where T : class => In(space).Where(t => t.IsSubclassOf(typeof(T)) && !t.IsAbstract).Select(t => (T)Activator.CreateInstance(t)!);

    // Only the types of that namespace are loaded: others are made of tensors, and a look at the header of a model needs no tensor library.
    private static unsafe List<Type> In(string space)
    {
        var assembly = typeof(FamilyTypes).Assembly;
        if (!assembly.TryGetRawMetadata(out var blob, out var length))
            return [.. assembly.GetTypes().Where(t => t.Namespace == space)];
        var metadata = new MetadataReader(blob, length);
        var names = metadata.TypeDefinitions.Select(metadata.GetTypeDefinition).Where(t => metadata.StringComparer.Equals(t.Namespace, space)).Select(t => metadata.GetString(t.Name));
        return [.. names.Select(n => assembly.GetType($"{space}.{n}", throwOnError: true)!)];
    }
}
