namespace Alidade.Core.Reports.Page;

/// <summary>The filter of an evaluation's items. It holds neither ampersand nor opening angle bracket: the page is also well-formed XML.</summary>
internal static class EvaluationScript
{
    public const string Text = PageStyle.Script + """

        (function () {
          var text = document.getElementById('filter-text'), score = document.getElementById('filter-score'), count = document.getElementById('filter-count');
          var items = Array.from(document.querySelectorAll('details.sample'));
          function fits(item) {
            var wanted = score.value;
            if (wanted === 'cut' ? !item.dataset.cut : (wanted ? item.dataset.kind !== wanted : false)) return false;
            return text.value === '' ? true : item.textContent.toLowerCase().includes(text.value.toLowerCase());
          }
          function apply() {
            var shown = 0;
            items.forEach(function (item) { item.hidden = !fits(item); if (!item.hidden) shown += 1; });
            count.textContent = ' (' + shown + ' of ' + items.length + ')';
          }
          text.addEventListener('input', apply);
          score.addEventListener('change', apply);
        })();
        """;
}
