using System.Diagnostics;
using System.Globalization;
using System.Text;
using Alidade.Core;

namespace Alidade.Tests.Fuzz;

/// <summary>
/// Gives a reader many mutated inputs. The law: an input is accepted, or refused by an <see cref="AlidadeException"/> of one line; within a time and a memory
/// that the input's size bounds; and the process lives. Input number n of a seed is always the same.
/// </summary>
/// <remarks>
/// ALIDADE_FUZZ is the number of inputs for each reader (2,000 unless set; nightly 100,000), ALIDADE_FUZZ_SEED the seed (1), ALIDADE_FUZZ_INPUT the number of a
/// single input to run again. A crash of the process leaves its number in the file of the reader's name in the temporary folder's alidade-fuzz.
/// </remarks>
internal sealed class FuzzRun
{
    private const int MostMessage = AlidadeException.Longest;
    private const int MostFaultsShown = 12;

    // Far above what the slowest input takes alone: the machine may be busy. An input that took longer is timed again before it counts as slow.
    private static readonly TimeSpan MostTime = TimeSpan.FromSeconds(2), Hang = TimeSpan.FromSeconds(60);

    private readonly string target;
    private readonly Func<Random, FuzzInput> make;
    private readonly Action<FuzzInput> read;
    private readonly long memory;
    private readonly Dictionary<string, (string Text, int Count)> faults = new(StringComparer.Ordinal);
    private readonly string folder;
    private long current = -1, since;
    private (double Seconds, int Number) slowest;
    private (long Bytes, int Number) largest;
    private int accepted, refused;

    private FuzzRun(string target, Func<Random, FuzzInput> make, Action<FuzzInput> read, long memory)
    {
        (this.target, this.make, this.read, this.memory) = (target, make, read, memory);
        folder = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), "alidade-fuzz")).FullName;
    }

    /// <summary>Runs all inputs of one reader.</summary>
    /// <param name="target">The reader's name, for files and messages.</param>
    /// <param name="make">Makes an input out of random numbers alone.</param>
    /// <param name="read">Reads it: returns, or throws an <see cref="AlidadeException"/>.</param>
    /// <param name="memory">Bytes of managed memory that any input may cost, besides 64 for each of its own: a lying length must never be allocated before it is checked.</param>
    public static void Inputs(string target, Func<Random, FuzzInput> make, Action<FuzzInput> read, long memory = 64L << 20) => new FuzzRun(target, make, read, memory).Run();

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.Integer, CultureInfo.InvariantCulture, out var value) ? value : otherwise;

    private static int Seed => Setting("ALIDADE_FUZZ_SEED", 1);

    private void Run()
    {
        var only = Setting("ALIDADE_FUZZ_INPUT", -1);
        var count = Setting("ALIDADE_FUZZ", 2_000);
        Exception? broken = null;
        // A thread of its own can be left behind when it hangs, and its stack is as small as that of any thread of a server.
        var worker = new Thread(() =>
        {
            try
            {
                All();
            }
            catch (Exception exception)
            {
                broken = exception;
            }
        })
        { IsBackground = true };

        void All()
        {
            using var crumb = File.OpenHandle(Path.Combine(folder, target + ".txt"), FileMode.Create, FileAccess.Write, FileShare.ReadWrite);
            for (var number = only < 0 ? 0 : only; number < (only < 0 ? count : only + 1); number++)
            {
                RandomAccess.Write(crumb, Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"seed {Seed} input {number,-12}\n")), 0);
                One(number);
            }
        }

        worker.Start();
        while (!worker.Join(TimeSpan.FromMilliseconds(200)))
            if (Volatile.Read(ref current) is >= 0 and var number && Stopwatch.GetElapsedTime(Volatile.Read(ref since)) > Hang)
            {
                // Made anew: the thread that hangs keeps its own.
                var saved = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{target}-{Seed}-{number}"));
                make(RandomOf((int)number)).Write(saved);
                Assert.Fail(Describe((int)number, $"hangs for more than {Hang.TotalSeconds} s") + $"\nIts files: {saved}");
            }

        Assert.True(broken is null, $"the test itself fails: {broken}");
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{target}: {accepted} accepted, {refused} refused; slowest {slowest.Seconds:0.000} s (input {slowest.Number}), largest {largest.Bytes / 1048576.0:0.0} MiB (input {largest.Number})"));
        if (faults.Count > 0)
            Assert.Fail(string.Join("\n\n", faults.Values.Take(MostFaultsShown).Select(f => $"{f.Count} × {f.Text}")));
        // A reader that refuses everything proves little.
        Assert.True(only >= 0 || (accepted > 0 && refused > 0), $"{target}: {accepted} inputs were accepted and {refused} refused");
    }

    private void One(int number)
    {
        var input = make(RandomOf(number));
        var (fault, seconds, bytes) = Measure(number, input);
        if (fault is null && seconds > MostTime.TotalSeconds)
            (fault, seconds, bytes) = Measure(number, input);
        if (seconds > slowest.Seconds)
            slowest = (seconds, number);
        if (bytes > largest.Bytes)
            largest = (bytes, number);
        if (fault is null && seconds > MostTime.TotalSeconds)
            Add("slow", number, input, string.Create(CultureInfo.InvariantCulture, $"takes {seconds:0.0} s; {MostTime.TotalSeconds} are allowed"));
        else if (fault is null && bytes > memory + (64 * input.Bytes))
            Add("memory", number, input, $"allocates {bytes} bytes for an input of {input.Bytes}");
        else if (fault is not null)
            Add(KindOf(fault), number, input, "throws " + string.Join('\n', fault.ToString().Split('\n').Take(14)));
    }

    // What went wrong, null when nothing did.
    private (Exception? Fault, double Seconds, long Bytes) Measure(int number, FuzzInput input)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        Volatile.Write(ref since, Stopwatch.GetTimestamp());
        Volatile.Write(ref current, number);
        Exception? fault = null;
        var isRefused = false;
        try
        {
            read(input);
        }
        catch (AlidadeException exception)
        {
            isRefused = true;
            fault = IsOneLine(exception.Message) ? null : exception;
        }
        catch (Exception exception)
        {
            fault = exception;
        }

        var seconds = Stopwatch.GetElapsedTime(since).TotalSeconds;
        Volatile.Write(ref current, -1);
        (accepted, refused) = (accepted + (isRefused || fault is not null ? 0 : 1), refused + (isRefused ? 1 : 0));
        return (fault, seconds, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    /// <summary>The law for a message; to be asked of one that is no <see cref="AlidadeException"/>'s, which keeps it by itself.</summary>
    public static bool IsOneLine(string message) => message.Length is > 0 and <= MostMessage && message.AsSpan().IndexOfAny('\n', '\r') < 0;

    private static Random RandomOf(int number)
    {
        // Neighbouring numbers must not give neighbouring beginnings (the finaliser of splitmix64).
        var x = (ulong)(uint)number + ((ulong)(uint)Seed << 32) + 0x9E3779B97F4A7C15;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return new Random((int)(x ^ (x >> 31)));
    }

    // Faults of the same kind at the same place are one.
    private static string KindOf(Exception fault) =>
        fault.GetType().Name + (fault is AlidadeException ? " of more than one line or too long" : "")
        + (fault.StackTrace ?? "").Split('\n').FirstOrDefault(line => line.Contains("at Alidade.", StringComparison.Ordinal));

    private void Add(string kind, int number, FuzzInput input, string what)
    {
        if (faults.TryGetValue(kind, out var known))
        {
            faults[kind] = known with { Count = known.Count + 1 };
            return;
        }

        var saved = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{target}-{Seed}-{number}"));
        input.Write(saved);
        faults.Add(kind, (Describe(number, what) + $"\nIts files: {saved}", 1));
    }

    private string Describe(int number, string what) => string.Create(
        CultureInfo.InvariantCulture,
        $"{target}, input {number} of seed {Seed} {what}\nAgain: ALIDADE_FUZZ_SEED={Seed} ALIDADE_FUZZ_INPUT={number} and this test alone");
}
