using System.Globalization;

namespace Alidade.Core;

/// <summary>Main memory that this process can still take: what the machine has free, and what the limits of its control groups leave.</summary>
public static class AvailableMemory
{
    /// <summary>In bytes.</summary>
    public static long Bytes() => Of(path => File.Exists(path) ? File.ReadAllText(path) : null) ?? FromRuntime();

    /// <summary>From the files of Linux; null where there are none.</summary>
    /// <param name="read">The text of a file; null where it is absent.</param>
    internal static long? Of(Func<string, string?> read)
    {
        long? least = Named(read("/proc/meminfo"), "MemAvailable:") * 1024;
        foreach (var line in Lines(read("/proc/self/cgroup")))
        {
            if (line.Split(':', 3) is not [_, var controllers, var path])
                continue;
            var second = controllers.Length == 0;
            if (!second && !controllers.Split(',').Contains("memory"))
                continue;
            // A limit of any group above holds too; a group that the process cannot see from inside of it has no folder.
            for (; ; path = path[..Math.Max(0, path.LastIndexOf('/'))])
            {
                var left = second ? Left(read, $"/sys/fs/cgroup{path}", "memory.max", "memory.current", "") : Left(read, $"/sys/fs/cgroup/memory{path}", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_");
                least = left is { } bytes ? Math.Min(least ?? long.MaxValue, bytes) : least;
                if (path.Length == 0)
                    break;
            }
        }

        return least;
    }

    // Cached pages of files count as used there, and are given back when memory is asked for.
    private static long? Left(Func<string, string?> read, string folder, string limit, string usage, string prefix)
    {
        folder = folder.TrimEnd('/');
        if (Number(read($"{folder}/{limit}")) is not { } most || Number(read($"{folder}/{usage}")) is not { } used)
            return null;
        var statistics = read($"{folder}/memory.stat");
        var cached = (Named(statistics, prefix + "inactive_file") ?? 0) + (Named(statistics, prefix + "active_file") ?? 0);
        return Math.Max(0, most - Math.Max(0, used - cached));
    }

    private static long FromRuntime()
    {
        var memory = GC.GetGCMemoryInfo();
        return Math.Max(0, memory.TotalAvailableMemoryBytes - memory.MemoryLoadBytes);
    }

    private static long? Named(string? text, string name) => Lines(text).Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries)).FirstOrDefault(l => l.Length >= 2 && l[0] == name) is [_, var value, ..] ? Number(value) : null;

    // "max" is no limit.
    private static long? Number(string? text) => long.TryParse(text?.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static string[] Lines(string? text) => text?.Split('\n', StringSplitOptions.RemoveEmptyEntries) ?? [];
}
