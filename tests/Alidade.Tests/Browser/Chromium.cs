using PuppeteerSharp;

namespace Alidade.Tests.Browser;

/// <summary>
/// A Chromium that is on the machine, started once for the tests that ask for it. Nothing is downloaded: it is the one that <c>CHROMIUM</c> or
/// <c>PLAYWRIGHT_CHROMIUM_EXECUTABLE_PATH</c> names, else one on the path, else one that Playwright has put into its cache.
/// </summary>
public sealed class Chromium : IAsyncLifetime
{
    /// <summary>What the tests say where there is none.</summary>
    public const string Absent = "there is no Chromium on this machine: install one (chromium, google-chrome), or name its program in CHROMIUM";

    private static readonly string[] Variables = ["CHROMIUM", "PLAYWRIGHT_CHROMIUM_EXECUTABLE_PATH"];

    private static readonly string[] Programs = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "chrome.exe", "msedge.exe"];

    private IBrowser? browser;

    /// <summary>Its program; null where there is none.</summary>
    public static string? Program { get; } = Find();

    /// <summary>True where there is one.</summary>
    public static bool IsThere => Program is not null;

    /// <summary>The browser.</summary>
    internal IBrowser Browser => browser ?? throw new InvalidOperationException(Absent);

    /// <summary>Starts it.</summary>
    public async ValueTask InitializeAsync()
    {
        if (Program is null)
            return;
        browser = await Puppeteer.LaunchAsync(new()
        {
            ExecutablePath = Program,
            Headless = true,
            // In a container the sandbox cannot be set up, and the pages are our own. Its shared memory is small there.
            Args = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars", "\"--host-resolver-rules=MAP * ~NOTFOUND\""],
        });
    }

    /// <summary>Ends it.</summary>
    public async ValueTask DisposeAsync()
    {
        if (browser is not null)
            await browser.DisposeAsync();
    }

    private static string? Find()
    {
        // A name that leads nowhere is a mistake to be told, not one to be passed over.
        foreach (var variable in Variables)
            if (Environment.GetEnvironmentVariable(variable) is { Length: > 0 } named)
                return File.Exists(named) ? named : throw new FileNotFoundException($"{variable} names '{named}', and there is no such file");
        return (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .SelectMany(folder => Programs.Select(program => Path.Combine(folder, program)))
            .Concat(["/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium"])
            .Concat(OfPlaywright()).FirstOrDefault(File.Exists);
    }

    private static IEnumerable<string> OfPlaywright()
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        string?[] caches = [Environment.GetEnvironmentVariable("PLAYWRIGHT_BROWSERS_PATH"), Path.Combine(home, ".cache", "ms-playwright"), Path.Combine(home, "Library", "Caches", "ms-playwright"), Path.Combine(home, "AppData", "Local", "ms-playwright")];
        string[] programs = ["chrome", "chrome-headless-shell", "chrome.exe", "chrome-headless-shell.exe", "Chromium"];
        return from cache in caches
               where Directory.Exists(cache)
               from folder in Directory.EnumerateDirectories(cache, "chromium*").OrderDescending(StringComparer.Ordinal)
               from file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
               where programs.Contains(Path.GetFileName(file))
               select file;
    }
}
