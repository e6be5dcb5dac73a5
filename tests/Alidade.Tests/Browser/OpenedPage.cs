using System.Globalization;
using PuppeteerSharp;
using PuppeteerSharp.Media;

namespace Alidade.Tests.Browser;

/// <summary>A file in a tab of its own, off the network; what it complains of and what it asks for from elsewhere is kept.</summary>
internal sealed class OpenedPage : IAsyncDisposable
{
    private readonly List<string> complaints = [];

    private OpenedPage(IPage page) => Page = page;

    /// <summary>The tab.</summary>
    public IPage Page { get; }

    /// <summary>Errors and warnings of the console, and every address that the page asked for besides its own.</summary>
    public IReadOnlyList<string> Complaints => complaints;

    /// <summary>Opens a file.</summary>
    /// <param name="chromium">The browser.</param>
    /// <param name="file">The page.</param>
    /// <param name="scheme">"light" or "dark".</param>
    /// <param name="width">Width of the window in pixels.</param>
    public static async Task<OpenedPage> OpenAsync(Chromium chromium, string file, string scheme = "light", int width = 1280)
    {
        var page = await chromium.Browser.NewPageAsync();
        var opened = new OpenedPage(page);
        var address = new Uri(Path.GetFullPath(file)).AbsoluteUri;
        page.Console += (_, e) =>
        {
            if (e.Message.Type is ConsoleType.Error or ConsoleType.Warning or ConsoleType.Assert)
                opened.complaints.Add($"console: {e.Message.Text}");
        };
        page.PageError += (_, e) => opened.complaints.Add($"script: {e.Message}");
        page.Request += (_, e) =>
        {
            if (e.Request.Url.Split('#')[0] != address)
                opened.complaints.Add($"request: {e.Request.Url}");
        };
        await page.SetViewportAsync(new() { Width = width, Height = 900 });
        await page.SetOfflineModeAsync(true);
        // Without motion, so that a jump is over when it is looked at.
        await page.EmulateMediaFeaturesAsync([new() { MediaFeature = MediaFeature.PrefersColorScheme, Value = scheme }, new() { MediaFeature = MediaFeature.PrefersReducedMotion, Value = "reduce" }]);
        await page.GoToAsync(address);
        return opened;
    }

    /// <summary>Opens everything that is folded.</summary>
    public Task UnfoldAsync() => Page.EvaluateExpressionAsync("document.querySelectorAll('details').forEach(d => { d.open = true; })");

    /// <summary>Shows the page as it is printed: the print style, and what its script does before.</summary>
    public async Task PrintAsync()
    {
        await Page.EmulateMediaTypeAsync(MediaType.Print);
        await Page.EvaluateExpressionAsync("dispatchEvent(new Event('beforeprint'))");
    }

    /// <summary>What stands out of the page to the right, and so makes the whole of it scroll; nothing when it fits.</summary>
    public Task<string[]> OverflowAsync() => Page.EvaluateFunctionAsync<string[]>("""
        () => {
          const room = document.documentElement.clientWidth;
          if (document.scrollingElement.scrollWidth <= room) return [];
          // What scrolls by itself, and what a picture cuts, makes nothing wider.
          const wide = Array.from(document.body.querySelectorAll('*')).filter(e => e.checkVisibility() && e.getBoundingClientRect().right > room
            && !e.parentElement.closest('svg:not(.dotrow)') && !(e.closest('.scroll') && getComputedStyle(e.closest('.scroll')).overflowX !== 'visible'));
          return wide.length ? wide.map(e => `${e.tagName}.${e.className.baseVal ?? e.className} reaches ${Math.round(e.getBoundingClientRect().right)} of ${room}: ${e.textContent.slice(0, 60)}`) : [`the page is ${document.scrollingElement.scrollWidth} wide, the window ${room}`];
        }
        """);

    /// <summary>Texts whose contrast with what stands behind them is below a ratio (WCAG 2.2, success criterion 1.4.3), as they are painted now.</summary>
    /// <param name="least">The ratio.</param>
    public Task<string[]> LowContrastAsync(double least) => Page.EvaluateFunctionAsync<string[]>("""
        least => {
          const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
          const known = new Map();
          // Any colour of CSS as [red, green, blue, alpha], the last from 0 to 1.
          function colour(text) {
            if (!known.has(text)) {
              canvas.clearRect(0, 0, 1, 1);
              canvas.fillStyle = text;
              canvas.fillRect(0, 0, 1, 1);
              const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
              known.set(text, [r, g, b, a / 255]);
            }
            return known.get(text);
          }
          const over = (top, under, alpha = top[3]) => [0, 1, 2].map(i => top[i] * alpha + under[i] * (1 - alpha));
          function luminance(rgb) {
            const [r, g, b] = rgb.map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
          }
          function ratio(a, b) {
            const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x);
            return (light + 0.05) / (dark + 0.05);
          }
          const backgrounds = new Map();
          // Every colour that can stand behind an element: of a gradient, each of its ends.
          function behind(element) {
            if (!element) return [colour(matchMedia('(prefers-color-scheme: dark)').matches ? '#121212' : '#ffffff')];
            if (backgrounds.has(element)) return backgrounds.get(element);
            const style = getComputedStyle(element);
            let found = behind(element.parentElement).map(under => over(colour(style.backgroundColor), under));
            const ends = style.backgroundImage.match(/(?:rgba?|color|color-mix|oklab|oklch)\([^()]*(?:\([^()]*\)[^()]*)*\)/g) ?? [];
            if (ends.length) found = ends.flatMap(end => found.map(under => over(colour(end), under)));
            backgrounds.set(element, found);
            return found;
          }
          function behindText(element) {
            const found = behind(element instanceof SVGElement ? element.closest('svg').parentElement : element);
            // A cell's number lies on the rectangle before it.
            const cell = element.classList.contains('cell') ? element.previousElementSibling : null;
            if (cell?.tagName !== 'rect') return found;
            const style = getComputedStyle(cell);
            return style.fill === 'none' ? found : found.map(under => over(colour(style.fill), under, style.fillOpacity * style.opacity));
          }
          const low = [];
          function judge(element, foreground, text) {
            const worst = Math.min(...behindText(element).map(back => ratio(over(colour(foreground), back), back)));
            if (worst < least) low.push(`${worst.toFixed(2)} ${element.tagName}.${element.className.baseVal ?? element.className}: ${text.trim().slice(0, 60)}`);
          }
          const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
          for (let node = walker.nextNode(); node; node = walker.nextNode()) {
            const element = node.parentElement;
            if (!node.data.trim() || ['SCRIPT', 'STYLE', 'OPTION', 'title'].includes(element.tagName) || !element.checkVisibility()) continue;
            const style = getComputedStyle(element);
            judge(element, element instanceof SVGElement ? style.fill : style.color, node.data);
          }
          for (const field of document.querySelectorAll('input, select')) {
            if (!field.checkVisibility()) continue;
            judge(field, getComputedStyle(field).color, field.id);
            if (field.placeholder) judge(field, getComputedStyle(field, '::placeholder').color, field.placeholder);
          }
          return low;
        }
        """, least);

    /// <summary>Presses Tab through the whole page: which control is not reached in its turn, and which does not show that it has the focus.</summary>
    public async Task<IReadOnlyList<string>> KeyboardFaultsAsync()
    {
        var controls = await Page.EvaluateFunctionAsync<string[]>("""
            () => {
              window.controls = Array.from(document.querySelectorAll('a[href], summary, input, select, button, [tabindex="0"]')).filter(e => e.checkVisibility());
              document.activeElement.blur();
              return controls.map(e => `${e.tagName} ${e.id || e.getAttribute('aria-label') || e.textContent.trim().slice(0, 50)}`);
            }
            """);
        var faults = new List<string>();
        for (var i = 0; i < controls.Length; i++)
        {
            await Page.Keyboard.PressAsync("Tab");
            // An outline of the browser's own ("auto") is drawn whatever its width says.
            var (at, shown) = await Page.EvaluateFunctionAsync<Focus>("""
                () => {
                  const style = getComputedStyle(document.activeElement);
                  return { at: controls.indexOf(document.activeElement), shown: style.outlineStyle !== 'none' && (style.outlineStyle === 'auto' || parseFloat(style.outlineWidth) >= 1) };
                }
                """);
            if (at != i)
                return [.. faults, string.Create(CultureInfo.InvariantCulture, $"Tab number {i + 1} reaches {(at < 0 ? "no control" : controls[at])}, not {controls[i]}")];
            if (!shown)
                faults.Add($"{controls[i]} does not show the focus");
        }

        return faults;
    }

    /// <summary>Pictures without a name for who cannot see them, or whose numbers stand neither in that name nor in a table beside them.</summary>
    public Task<string[]> SpeechlessPicturesAsync() => Page.EvaluateFunctionAsync<string[]>("""
        () => Array.from(document.querySelectorAll('svg:not([aria-hidden="true"])')).flatMap(svg => {
          const name = svg.getAttribute('aria-label') ?? Array.from(svg.children).find(c => c.tagName === 'title')?.textContent ?? '';
          const named = svg.getAttribute('role') === 'img' ? name.trim() : '';
          if (!named) return [`a picture without a name: ${svg.outerHTML.slice(0, 90)}`];
          // After "NAME:" or "over steps:" come the values.
          const numbers = /\d/.test(named.slice(named.lastIndexOf(':') + 1)) || (svg.closest('.picture')?.nextElementSibling?.querySelectorAll('td').length ?? 0) > 0;
          return numbers ? [] : [`a picture whose numbers are no text: ${named}`];
        })
        """);

    /// <summary>Keeps a picture of the page beside the tests, to be looked at.</summary>
    /// <param name="name">Its name.</param>
    public Task KeepAsync(string name)
    {
        var folder = Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "pages")).FullName;
        return Page.ScreenshotAsync(Path.Combine(folder, name + ".png"), new ScreenshotOptions { FullPage = true });
    }

    /// <summary>Closes the tab.</summary>
    public async ValueTask DisposeAsync() => await Page.DisposeAsync();

    private sealed record Focus(int At, bool Shown);
}
