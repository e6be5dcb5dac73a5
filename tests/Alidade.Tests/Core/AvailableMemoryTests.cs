using Alidade.Core;

namespace Alidade.Tests.Core;

public sealed class AvailableMemoryTests
{
    private const string MemInfo = "MemTotal:       16000000 kB\nMemFree:  100 kB\nMemAvailable:    8000 kB\n";

    [Fact]
    public void What_the_machine_has_free_is_available_where_nothing_limits_it() => Assert.Equal(8_192_000, Of(("/proc/meminfo", MemInfo)));

    [Fact]
    public void The_tightest_limit_of_the_groups_above_holds_and_cached_files_count_as_free() => Assert.Equal(3_000_000 - (2_000_000 - 500_000), Of(
        ("/proc/meminfo", MemInfo), ("/proc/self/cgroup", "0::/user.slice/job\n"),
        ("/sys/fs/cgroup/user.slice/job/memory.max", "max\n"), ("/sys/fs/cgroup/user.slice/job/memory.current", "10\n"),
        ("/sys/fs/cgroup/user.slice/memory.max", "3000000\n"), ("/sys/fs/cgroup/user.slice/memory.current", "2000000\n"),
        ("/sys/fs/cgroup/user.slice/memory.stat", "anon 5\ninactive_file 400000\nactive_file 100000\n")));

    [Fact]
    public void Groups_of_the_first_version_are_read_from_their_own_files() => Assert.Equal(1_000_000, Of(
        ("/proc/meminfo", MemInfo), ("/proc/self/cgroup", "9:name=systemd:/\n4:cpuset,memory:/in/a/container\n"),
        ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "4000000\n"), ("/sys/fs/cgroup/memory/memory.usage_in_bytes", "3500000\n"),
        ("/sys/fs/cgroup/memory/memory.stat", "inactive_file 7\ntotal_inactive_file 500000\n")));

    [Fact]
    public void A_group_that_is_full_leaves_nothing() => Assert.Equal(0, Of(
        ("/proc/self/cgroup", "0::/\n"), ("/sys/fs/cgroup/memory.max", "100\n"), ("/sys/fs/cgroup/memory.current", "120\n")));

    [Fact]
    public void Elsewhere_the_runtime_is_asked()
    {
        Assert.Null(Of());
        Assert.True(AvailableMemory.Bytes() > 0);
    }

    private static long? Of(params (string Path, string Text)[] files) => AvailableMemory.Of(path => files.FirstOrDefault(f => f.Path == path).Text);
}
