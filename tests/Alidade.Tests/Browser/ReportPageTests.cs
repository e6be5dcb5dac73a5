using System.Globalization;
using Alidade.Tests.Cli;
using Alidade.Tests.Core;

namespace Alidade.Tests.Browser;

/// <summary>The pages of reports as a person meets them in a browser: by eye, by keyboard, by screen reader, on paper, on a telephone, in the dark.</summary>
public sealed class ReportPageTests(Chromium chromium, MadePages pages) : IClassFixture<Chromium>, IClassFixture<MadePages>
{
    private const double LeastContrast = 4.5;

    private const int PaperWidth = 720;

    public static string[] Which => ["align", "check", "train", "made up"];

    public static TheoryData<string, string> InEachScheme => [.. from which in Which from scheme in (string[])["light", "dark"] select new TheoryDataRow<string, string>(which, scheme)];

    public static TheoryData<string, int> AtEachWidth => [.. from which in Which from width in (int[])[360, 800, 1280] select new TheoryDataRow<string, int>(which, width)];

    public static TheoryData<string> EachPage => [.. Which];

    public static bool CanRun => Chromium.IsThere && ExampleRuns.AreThere;

    [Theory(SkipUnless = nameof(CanRun), Skip = Chromium.Absent)]
    [MemberData(nameof(InEachScheme))]
    public async Task Every_text_can_be_read_against_what_stands_behind_it(string which, string scheme)
    {
        await using var page = await OpenAsync(which, scheme);
        await page.KeepAsync($"{which}-{scheme}");
        await page.UnfoldAsync();
        Assert.Empty(await page.LowContrastAsync(LeastContrast));
        Assert.Empty(page.Complaints);
    }

    [Theory(SkipUnless = nameof(CanRun), Skip = Chromium.Absent)]
    [MemberData(nameof(AtEachWidth))]
    public async Task Nothing_stands_out_of_the_page_to_the_right(string which, int width)
    {
        await using var page = await OpenAsync(which, width: width);
        if (width < 800)
            await page.KeepAsync($"{which}-narrow");
        Assert.Empty(await page.OverflowAsync());
        await page.UnfoldAsync();
        Assert.Empty(await page.OverflowAsync());
        Assert.Empty(page.Complaints);
    }

    [Theory(SkipUnless = nameof(CanRun), Skip = Chromium.Absent)]
    [MemberData(nameof(EachPage))]
    public async Task Every_picture_has_a_name_and_its_numbers_stand_in_text(string which)
    {
        await using var page = await OpenAsync(which);
        await page.UnfoldAsync();
        Assert.Empty(await page.SpeechlessPicturesAsync());
        // What the browser tells a screen reader, which passes over what it thinks of no interest.
        var pictures = await page.Page.EvaluateExpressionAsync<int>("document.querySelectorAll('svg[role=img]').length");
        var told = Told(await page.Page.Accessibility.SnapshotAsync(new() { InterestingOnly = false })).Where(n => n.Role is "image" or "img").ToArray();
        Assert.True(told.Length >= pictures, $"{told.Length} of {pictures} pictures are told");
        Assert.All(told, n => Assert.False(string.IsNullOrWhiteSpace(n.Name)));
    }

    [Theory(SkipUnless = nameof(CanRun), Skip = Chromium.Absent)]
    [MemberData(nameof(EachPage))]
    public async Task Tab_reaches_every_control_in_order_and_shows_where_it_is(string which)
    {
        await using var page = await OpenAsync(which);
        Assert.Empty(await page.KeyboardFaultsAsync());
    }

    [Theory(SkipUnless = nameof(CanRun), Skip = Chromium.Absent)]
    [MemberData(nameof(EachPage))]
    public async Task Every_link_leads_to_its_section_by_the_enter_key(string which)
    {
        await using var page = await OpenAsync(which);
        var links = await page.Page.EvaluateExpressionAsync<string[]>("Array.from(document.querySelectorAll('a[href]')).map(a => a.getAttribute('href'))");
        Assert.NotEmpty(links);
        for (var i = 0; i < links.Length; i++)
        {
            await page.Page.EvaluateFunctionAsync("i => { scrollTo(0, 0); document.querySelectorAll('a[href]')[i].focus(); }", i);
            await page.Page.Keyboard.PressAsync("Enter");
            Assert.StartsWith("#", links[i], StringComparison.Ordinal);
            Assert.Equal("in sight", await page.Page.EvaluateFunctionAsync<string>("""
                link => {
                  if (location.hash !== link) return `at ${location.hash}`;
                  const top = document.getElementById(link.slice(1))?.getBoundingClientRect().top;
                  return top >= -1 ? (innerHeight > top ? 'in sight' : `${top} pixels down`) : 'out of sight';
                }
                """, links[i]));
        }
    }

    [Theory(SkipUnless = nameof(CanRun), Skip = Chromium.Absent)]
    [MemberData(nameof(EachPage))]
    public async Task The_filter_leaves_exactly_what_fits_by_the_keyboard_alone(string which)
    {
        await using var page = await OpenAsync(which);
        var all = await page.Page.EvaluateFunctionAsync<Row[]>("() => Array.from(document.querySelectorAll('details.sample')).map(d => ({ text: d.textContent.toLowerCase(), kind: d.dataset.kind, cut: d.dataset.cut ? true : false }))");
        Assert.True(all.Length >= 3, $"{all.Length} samples");
        // A word that some hold and others do not.
        var word = all.SelectMany(r => r.Text.Split([' ', '\n', '.', ',', '?'], StringSplitOptions.RemoveEmptyEntries)).Where(w => w.Length > 2 && w.All(char.IsAsciiLetterOrDigit))
            .First(w => all.Count(r => r.Text.Contains(w, StringComparison.Ordinal)) is var count && count > 0 && count < all.Length);
        await TabToAsync(page, "filter-text");
        await page.Page.Keyboard.TypeAsync(word.ToUpperInvariant());
        await ShowsAsync(page, all, r => r.Text.Contains(word, StringComparison.Ordinal));

        // The kind narrows it further; each is one press of the arrow away.
        await TabToAsync(page, "filter-kind");
        var kinds = await page.Page.EvaluateExpressionAsync<string[]>("Array.from(document.getElementById('filter-kind').options).map(o => o.value)");
        foreach (var kind in kinds.Skip(1))
        {
            await page.Page.Keyboard.PressAsync("ArrowDown");
            await ShowsAsync(page, all, r => r.Text.Contains(word, StringComparison.Ordinal) && (kind == "cut" ? r.Cut : r.Kind == kind));
        }

        // Emptied again, everything is there, folded as it was.
        await page.Page.Keyboard.PressAsync("Home");
        await page.Page.Keyboard.DownAsync("Shift");
        await page.Page.Keyboard.PressAsync("Tab");
        await page.Page.Keyboard.UpAsync("Shift");
        await page.Page.Keyboard.PressAsync("Delete");
        Assert.Equal(0, await page.Page.EvaluateExpressionAsync<int>("document.querySelectorAll('main details[hidden]').length"));
        await using var fresh = await OpenAsync(which);
        const string Folds = "Array.from(document.querySelectorAll('main details')).map(d => d.open ? '1' : '0').join('')";
        Assert.Equal(await fresh.Page.EvaluateExpressionAsync<string>(Folds), await page.Page.EvaluateExpressionAsync<string>(Folds));
    }

    [Theory(SkipUnless = nameof(CanRun), Skip = Chromium.Absent)]
    [MemberData(nameof(EachPage))]
    public async Task On_paper_every_section_stands_open_and_nothing_is_to_be_clicked(string which)
    {
        // Dark on the screen, and still ink on paper.
        await using var page = await OpenAsync(which, "dark", PaperWidth);
        const string Folds = "Array.from(document.querySelectorAll('main details')).map(d => d.open ? '1' : '0').join('')";
        var before = await page.Page.EvaluateExpressionAsync<string>(Folds);
        await page.PrintAsync();
        await page.KeepAsync($"{which}-print");
        Assert.Empty(await page.Page.EvaluateFunctionAsync<string[]>("() => Array.from(document.querySelectorAll('.filter, nav')).filter(e => e.checkVisibility()).map(e => e.outerHTML.slice(0, 60))"));
        Assert.Empty(await page.Page.EvaluateFunctionAsync<string[]>("() => Array.from(document.querySelectorAll('details.group:not([open])')).map(e => e.textContent.slice(0, 60))"));
        Assert.Empty(await page.Page.EvaluateFunctionAsync<string[]>("() => Array.from(document.querySelectorAll('section')).filter(s => !s.checkVisibility() || s.getBoundingClientRect().height < 40).map(s => s.id)"));
        Assert.Equal("rgb(255, 255, 255)", await page.Page.EvaluateExpressionAsync<string>("getComputedStyle(document.body).backgroundColor"));
        Assert.Empty(await page.OverflowAsync());
        Assert.Empty(await page.LowContrastAsync(LeastContrast));
        await page.Page.EvaluateExpressionAsync("dispatchEvent(new Event('afterprint'))");
        Assert.Equal(before, await page.Page.EvaluateExpressionAsync<string>(Folds));
        Assert.Empty(page.Complaints);
    }

    // Without this the tests above could pass because they see nothing.
    [Fact(SkipUnless = nameof(CanRun), Skip = Chromium.Absent)]
    public async Task A_page_with_every_fault_is_found_out()
    {
        using var folder = new TemporaryFolder();
        await using var page = await OpenedPage.OpenAsync(chromium, folder.Write("bad.html", """
            <!DOCTYPE html><html lang="en"><body style="background: #fff">
            <p style="color: #999">pale</p><p style="color: #000; background: linear-gradient(to right, #fff, #333)">half in the dark</p>
            <svg role="img" width="9" height="9"></svg><svg role="img" width="40" height="20"><title>named: without a number</title><rect width="40" height="20" fill="#00f" fill-opacity="0.9"/><text class="cell" y="12">deep</text></svg>
            <a href="#x">first</a><button tabindex="5">out of turn</button><div style="width: 3000px">wide</div>
            <script>console.error('an error'); new Image().src = 'http://192.0.2.1/x.png'; fetch('file:///etc/hostname').catch(() => 0); nothing();</script></body></html>
            """));
        await page.Page.EvaluateExpressionAsync("new Promise(done => setTimeout(done, 300))");
        Assert.Equal(["deep", "half in the dark", "pale"], (await page.LowContrastAsync(LeastContrast)).Select(t => t[(t.IndexOf(": ", StringComparison.Ordinal) + 2)..]).Order(StringComparer.Ordinal));
        Assert.Contains(await page.OverflowAsync(), t => t.EndsWith(": wide", StringComparison.Ordinal));
        Assert.Equal(2, (await page.SpeechlessPicturesAsync()).Length);
        Assert.Contains("reaches BUTTON out of turn", Assert.Single(await page.KeyboardFaultsAsync()), StringComparison.Ordinal);
        await using var ringless = await OpenedPage.OpenAsync(chromium, folder.Write("ringless.html", "<!DOCTYPE html><a href='#x' style='outline: none'>no ring</a>"));
        Assert.Equal("A no ring does not show the focus", Assert.Single(await ringless.KeyboardFaultsAsync()));
        Assert.Contains("console: an error", page.Complaints);
        Assert.Contains(page.Complaints, c => c.StartsWith("request: http://192.0.2.1/", StringComparison.Ordinal));
        Assert.Contains(page.Complaints, c => c.StartsWith("script: ", StringComparison.Ordinal));
    }

    private Task<OpenedPage> OpenAsync(string which, string scheme = "light", int width = 1280) => OpenedPage.OpenAsync(chromium, pages.Of(which), scheme, width);

    private static async Task TabToAsync(OpenedPage page, string id)
    {
        for (var presses = 0; presses < 100; presses++)
        {
            await page.Page.Keyboard.PressAsync("Tab");
            if (await page.Page.EvaluateExpressionAsync<string>("document.activeElement.id") == id)
                return;
        }

        Assert.Fail($"#{id} is not reached");
    }

    private static async Task ShowsAsync(OpenedPage page, Row[] all, Func<Row, bool> fits)
    {
        int[] expected = [.. Enumerable.Range(0, all.Length).Where(i => fits(all[i]))];
        Assert.Equal(expected, await page.Page.EvaluateFunctionAsync<int[]>("() => Array.from(document.querySelectorAll('details.sample')).flatMap((d, i) => d.checkVisibility() ? [i] : [])"));
        Assert.Equal(string.Create(CultureInfo.InvariantCulture, $" ({expected.Length} of {all.Length})"), await page.Page.EvaluateExpressionAsync<string>("document.getElementById('filter-count').textContent"));
    }

    private static IEnumerable<PuppeteerSharp.PageAccessibility.SerializedAXNode> Told(PuppeteerSharp.PageAccessibility.SerializedAXNode node) => [node, .. (node.Children ?? []).SelectMany(Told)];

    private sealed record Row(string Text, string Kind, bool Cut);
}
