using System.Reflection;
using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Recipes;
using Alidade.Evaluation.Engine;

namespace Alidade.Evaluation.Tasks;

/// <summary>
/// Runs one of Alidade's own tasks over a person's rows: the task's record, its <c>Items</c> read from the file's <c>data</c>, its other properties set by <c>options</c>. An
/// option that is a list of rows (as the knowledge of FActScore) names its file.
/// </summary>
internal static class UsedTask
{
    private const string Items = "Items";

    private static readonly Lazy<IReadOnlyDictionary<string, Type>> Types = new(() => typeof(UsedTask).Assembly.GetTypes()
        .Where(t => t.IsAssignableTo(typeof(IEvaluationTask)) && t is { IsAbstract: false } && t != typeof(DeclaredTask) && t.GetConstructor(Type.EmptyTypes) is not null && ReaderOf(RowOf(t.GetProperty(Items))) is not null)
        .Select(t => (Type: t, ((IEvaluationTask)Activator.CreateInstance(t)!).Name))
        // A task whose name is given with it has none by itself.
        .Where(t => t.Name is not null).GroupBy(t => t.Name, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.First().Type, StringComparer.Ordinal));

    /// <summary>Names of the tasks that can be used.</summary>
    public static IEnumerable<string> Names => Types.Value.Keys.Order(StringComparer.Ordinal);

    /// <summary>Makes the task.</summary>
    /// <param name="definition">The file.</param>
    /// <param name="pathOf">Path of a file that it names.</param>
    /// <returns>The task, and the paths of its data.</returns>
    /// <exception cref="AlidadeException">There is no such task, an option is wrong, or the data cannot be read.</exception>
    public static (IEvaluationTask Task, IReadOnlyList<string> Files) Open(LoadedTaskFile definition, Func<string, string> pathOf)
    {
        var use = definition.File.Use!;
        if (!Types.Value.TryGetValue(use, out var type))
            throw new AlidadeException($"{definition.Path}: 'use' names '{use}', which is no task of Alidade's that takes a person's rows{Suggest.Hint(use, [.. Names])}");
        if (definition.File.Data.Count == 0)
            throw new AlidadeException($"{definition.Path}: names no data for '{use}'; add: data: my-rows.jsonl");
        var task = Activator.CreateInstance(type)!;
        var given = new List<string>();
        var files = new List<string>();
        foreach (var property in type.GetProperties().Where(p => ReaderOf(RowOf(p)) is not null))
        {
            var named = property.Name == Items ? definition.File.Data : definition.File.Options?.Take(property.Name) ?? [];
            if (named.Count == 0)
                continue;
            string[] paths = [.. named.Select(pathOf)];
            property.SetValue(task, Rows(RowOf(property)!, paths));
            given.Add(property.Name);
            files.AddRange(paths);
        }

        if (definition.File.Options is { } options)
            options.Bind(task, definition.Path, given);
        else if (type.GetProperties().FirstOrDefault(p => p.GetCustomAttribute<System.Runtime.CompilerServices.RequiredMemberAttribute>() is not null && !given.Contains(p.Name)) is { } missing)
            throw new AlidadeException($"{definition.Path}: '{use}' needs the option '{System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(missing.Name)}'");
        return ((IEvaluationTask)task, files);
    }

    private static Array Rows(Type row, IReadOnlyList<string> paths)
    {
        var reader = ReaderOf(row)!;
        var rows = new List<object>();
        foreach (var path in paths)
            try
            {
                var set = reader.Invoke(null, [path, .. reader.GetParameters().Skip(1).Select(_ => (object?)null)])!;
                rows.AddRange(((System.Collections.IEnumerable)set.GetType().GetProperty(nameof(DataSet<FieldRow>.Rows))!.GetValue(set)!).Cast<object>());
            }
            catch (TargetInvocationException exception) when (exception.InnerException is AlidadeException inner)
            {
                throw new AlidadeException(inner.Message, inner);
            }

        var all = Array.CreateInstance(row, rows.Count);
        for (var i = 0; i < rows.Count; i++)
            all.SetValue(rows[i], i);
        return all;
    }

    private static Type? RowOf(PropertyInfo? property) =>
        property is { CanWrite: true, PropertyType: { IsGenericType: true } type } && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>) && type.GetGenericArguments()[0] is var row && row.IsAssignableTo(typeof(IDataRow)) ? row : null;

    // A row type's own reader, else the reader of that type among the readers of files.
    private static MethodInfo? ReaderOf(Type? row)
    {
        if (row is null)
            return null;
        var set = typeof(DataSet<>).MakeGenericType(row);
        return new[] { row }.Concat(row.Assembly.GetExportedTypes()).SelectMany(t => t.GetMethods(BindingFlags.Public | BindingFlags.Static))
            .FirstOrDefault(m => m.Name == "Read" && m.ReturnType == set && m.GetParameters() is [var path, .. var more] && path.ParameterType == typeof(string) && more.All(p => p.IsOptional));
    }
}
