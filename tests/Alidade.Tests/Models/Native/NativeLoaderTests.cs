using System.Diagnostics;
using System.Globalization;
using Alidade.Core;
using Alidade.Models.Native;
using Alidade.Tests.Core;
using TorchSharp;

namespace Alidade.Tests.Models.Native;

public sealed class NativeLoaderTests
{
    private static readonly string Bridge = Path.Combine(AppContext.BaseDirectory, "libLibTorchSharp.so");

    [Fact]
    public void A_tensor_can_be_made_with_no_call_of_ours()
    {
        using var sum = torch.ones(2, 3).sum();
        Assert.Equal(6, sum.item<float>());
        Assert.True(NativeLoader.IsLoaded);
    }

    [Fact(SkipUnless = nameof(OnLinux), Skip = "Linux only")]
    public void The_copy_differs_from_the_library_in_one_flag_and_the_library_is_untouched()
    {
        using var folder = new TemporaryFolder();
        var before = File.ReadAllBytes(Bridge);
        var copy = PatchedCopy.Of(Bridge, "GLIBCXX_3.4.32", folder.Path);
        Assert.StartsWith(folder.Path, copy, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(Bridge));
        var after = File.ReadAllBytes(copy);
        Assert.Equal(before.Length, after.Length);
        var changed = Enumerable.Range(0, before.Length).Where(i => before[i] != after[i]).ToList();
        Assert.Single(changed);
        Assert.Equal(before[changed[0]] | 2, after[changed[0]]);
    }

    [Fact(SkipUnless = nameof(OnLinux), Skip = "Linux only")]
    public void A_damaged_copy_in_the_cache_is_written_anew()
    {
        using var folder = new TemporaryFolder();
        var copy = PatchedCopy.Of(Bridge, "GLIBCXX_3.4.32", folder.Path);
        var good = File.ReadAllBytes(copy);
        File.WriteAllText(copy, "not a library");
        Assert.Equal(copy, PatchedCopy.Of(Bridge, "GLIBCXX_3.4.32", folder.Path));
        Assert.Equal(good, File.ReadAllBytes(copy));
    }

    [Fact(SkipUnless = nameof(OnLinux), Skip = "Linux only")]
    public void A_library_that_does_not_need_the_version_is_used_as_it_is()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal(Bridge, PatchedCopy.Of(Bridge, "GLIBCXX_9.9.99", folder.Path));
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact(SkipUnless = nameof(OnLinux), Skip = "Linux only")]
    public void A_home_that_cannot_be_written_still_gets_a_copy()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("file", "a file where the cache folder should be");
        var copy = PatchedCopy.Of(Bridge, "GLIBCXX_3.4.32", file);
        Assert.True(File.Exists(copy));
        Assert.DoesNotContain(folder.Path, copy, StringComparison.Ordinal);
    }

    [Fact(SkipUnless = nameof(OnLinux), Skip = "Linux only")]
    public void Any_damage_of_the_library_is_reported_and_never_read_past_the_end()
    {
        var library = File.ReadAllBytes(Bridge);
        var random = new Random(7);
        for (var i = 0; i < 2000; i++)
        {
            // The header, the segments, the dynamic table and the version tables are where offsets live; a cut makes every one of them point outside.
            var bytes = library.AsSpan(0, i % 2 == 0 ? library.Length : random.Next(library.Length)).ToArray();
            foreach (var (start, length) in (ReadOnlySpan<(int, int)>)[(0, 1024), (0x1d4b18, 35 * 16), (0x3f8f0, 0x210)])
                for (var flips = 0; flips < 3; flips++)
                    if (start + length <= bytes.Length)
                        bytes[start + random.Next(length)] = (byte)random.Next(256);
            try
            {
                ElfVersions.MarkWeak(bytes, "GLIBCXX_3.4.32");
            }
            catch (InvalidDataException)
            {
            }
        }
    }

    [Theory(SkipUnless = nameof(OnLinux), Skip = "Linux only")]
    [InlineData("")]
    [InlineData("\u007fELF")]
    [InlineData("no library, only words that go on for longer than the header of one would be")]
    public void A_file_that_is_no_library_is_one_line(string content)
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("libLibTorchSharp.so", content);
        var error = Assert.Throws<AlidadeException>(() => PatchedCopy.Of(path, "GLIBCXX_3.4.32", folder.Path));
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    // Loading can be tried once in a process, so these cases run the program of these tests again; see NativeChild.
    [Fact(SkipUnless = nameof(OnLinux), Skip = "Linux only")]
    public void Another_libtorch_is_used_although_the_packaged_one_is_there()
    {
        using var folder = new TemporaryFolder();
        foreach (var file in Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "libtorch")))
            File.CreateSymbolicLink(folder.File(Path.GetFileName(file)), file);
        // The loader tells files apart by what they are and not by name, so the one that must be another is a copy.
        File.Delete(folder.File("libc10.so"));
        File.Copy(Path.Combine(AppContext.BaseDirectory, "libtorch", "libc10.so"), folder.File("libc10.so"));
        var (code, output) = Child("maps", (NativeLoader.FolderVariable, folder.Path));
        Assert.Equal(0, code);
        Assert.Contains(folder.File("libc10.so"), output, StringComparison.Ordinal);
        Assert.DoesNotContain(Path.Combine(AppContext.BaseDirectory, "libtorch", "libc10.so"), output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_without_libtorch_is_one_line_that_names_the_file_and_the_folder()
    {
        using var folder = new TemporaryFolder();
        var (code, output) = Child("ensure", (NativeLoader.FolderVariable, folder.Path));
        Assert.Equal(2, code);
        var line = Assert.Single(output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains(folder.Path, line, StringComparison.Ordinal);
        Assert.Contains("torch_cpu", line, StringComparison.Ordinal);
    }

    [Fact]
    public void Threads_set_before_loading_hold_on_every_thread()
    {
        var (code, output) = Child("threads");
        Assert.Equal(0, code);
        Assert.Equal("1 1", output.Trim());
    }

    [Fact]
    public void Touching_the_models_room_loads_no_tensor_library()
    {
        var (code, output) = Child("idle");
        Assert.Equal(0, code);
        Assert.Equal("not loaded", output.Trim());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(5000)]
    public void A_number_of_threads_out_of_range_is_a_mistake(int count)
    {
        var error = Assert.Throws<AlidadeException>(() => Threads.Use(count));
        Assert.Contains(count.ToString(CultureInfo.InvariantCulture), error.Message, StringComparison.Ordinal);
    }

    private static (int Code, string Output) Child(string what, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        start.Environment[NativeChild.Variable] = what;
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        using var limit = new Timer(_ => process.Kill(), null, TimeSpan.FromSeconds(30), Timeout.InfiniteTimeSpan);
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output);
    }

    public static bool OnLinux => OperatingSystem.IsLinux();
}
