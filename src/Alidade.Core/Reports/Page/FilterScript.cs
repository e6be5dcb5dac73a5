namespace Alidade.Core.Reports.Page;

/// <summary>The filter of samples by text and by kind. Its script holds neither ampersand nor opening angle bracket: the page is also well-formed XML.</summary>
internal static class FilterScript
{
    /// <summary>The script; it goes with the page's own. What fits is shown, in folds that open for it and are folded again as they were when nothing is asked for any more.</summary>
    public const string Text = PageStyle.Script + """

        (function () {
          var text = document.getElementById('filter-text'), kind = document.getElementById('filter-kind'), count = document.getElementById('filter-count');
          if (!text) return;
          var items = Array.from(document.querySelectorAll('details.sample'));
          var folds = Array.from(document.querySelectorAll('details')).filter(function (d) { return d.querySelector('details.sample'); });
          var before = null;
          function fits(item) {
            var wanted = kind.value;
            if (wanted === 'cut' ? !item.dataset.cut : (wanted ? item.dataset.kind !== wanted : false)) return false;
            return text.value === '' ? true : item.textContent.toLowerCase().includes(text.value.toLowerCase());
          }
          function apply() {
            var asked = text.value + kind.value !== '', shown = 0;
            if (!before) before = folds.map(function (d) { return d.open; });
            items.forEach(function (item) { item.hidden = !fits(item); if (!item.hidden) shown += 1; });
            folds.forEach(function (fold, i) {
              fold.hidden = !fold.querySelector('details.sample:not([hidden])');
              fold.open = asked ? true : before[i];
            });
            if (!asked) before = null;
            count.textContent = ' (' + shown + ' of ' + items.length + ')';
          }
          text.addEventListener('input', apply);
          kind.addEventListener('change', apply);
        })();
        """;

    /// <summary>Writes the fields that the script reads.</summary>
    /// <param name="page">The page.</param>
    /// <param name="kinds">Values of <c>data-kind</c> ("cut" is that of <c>data-cut</c>) and what they are called; the empty one is for all.</param>
    public static void Bar(Markup page, params ReadOnlySpan<(string Value, string Words)> kinds)
    {
        using var bar = page.Open("p.filter");
        page.Leaf("label", "Show those that hold ", ("for", "filter-text"));
        page.Empty("input", ("id", "filter-text"), ("type", "search"), ("placeholder", "any text"));
        page.Leaf("label", " and are ", ("for", "filter-kind"));
        using (page.Open("select", ("id", "filter-kind")))
            foreach (var (value, words) in kinds)
                page.Leaf("option", words, ("value", value));
        page.Leaf("span", "", ("id", "filter-count"), ("aria-live", "polite"));
    }
}
