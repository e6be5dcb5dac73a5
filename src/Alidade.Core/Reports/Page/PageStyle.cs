namespace Alidade.Core.Reports.Page;

/// <summary>The page's style sheet and script. Neither may hold an ampersand or an opening angle bracket: the page is also well-formed XML.</summary>
internal static class PageStyle
{
    /// <summary>Opens what is folded before printing, but for the tables of the maps, which no paper is wide enough for, and samples that nobody opened; the page is whole without it.</summary>
    public const string Script = """
        (function () {
          var opened = [];
          addEventListener('beforeprint', function () {
            opened = Array.from(document.querySelectorAll('details:not([open]):not(.values):not(.sample)'));
            opened.forEach(function (d) { d.open = true; });
          });
          addEventListener('afterprint', function () { opened.forEach(function (d) { d.open = false; }); });
        })();
        """;

    /// <summary>
    /// Colours by role, light and dark; blue and orange so that they differ for every eye. A cell of a map is never filled further (<c>--fill</c>) than its number
    /// can be read against, which is black by day and white by night.
    /// </summary>
    public const string Css = """
        :root { --paper: #fbfbf9; --card: #ffffff; --ink: #1c2430; --soft: #5a6574; --rule: #d8dce2; --grid: #e9ecf0; --blue: #0a5cad; --orange: #b64a12; --grey: #7a8594;
          --good: #17713f; --bad: #b3261e; --warn: #8a5a00; --good-back: #e8f4ec; --bad-back: #fbeceb; --warn-back: #fff5dc; --open-back: #eef1f4; --cell: #000000; --fill: .8; }
        @media (prefers-color-scheme: dark) { :root { --paper: #12161c; --card: #191f27; --ink: #e4e8ee; --soft: #9aa6b5; --rule: #333c48; --grid: #262e38; --blue: #62aef7; --orange: #f08a4b; --grey: #8f9baa;
          --good: #6cce95; --bad: #ff8f85; --warn: #f0c060; --good-back: #17291f; --bad-back: #321d1d; --warn-back: #2e2715; --open-back: #222a34; --cell: #ffffff; --fill: .6; } }
        * { box-sizing: border-box; }
        @media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth; } }
        :focus-visible { outline: 2px solid var(--blue); outline-offset: 2px; border-radius: 2px; }
        body { margin: 0 auto; max-width: 1120px; padding: 0 20px 48px; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", "DejaVu Sans", sans-serif; }
        header { padding: 36px 0 8px; }
        h1 { font-size: clamp(1.5rem, 4.5vw, 2.2rem); line-height: 1.2; margin: 0 0 8px; overflow-wrap: anywhere; }
        h2 { font-size: 1.35rem; margin: 0 0 12px; }
        h3 { font-size: 1.05rem; margin: 22px 0 8px; }
        p { margin: 8px 0; max-width: 78ch; overflow-wrap: anywhere; }
        a { color: var(--blue); }
        ul { margin: 6px 0; padding-left: 20px; }
        li { margin: 4px 0; overflow-wrap: anywhere; }
        .kicker { color: var(--soft); text-transform: uppercase; letter-spacing: .08em; font-size: .78rem; margin: 0 0 4px; }
        .facts, .why, .none { color: var(--soft); }
        .facts { font-size: .95rem; } .facts, .group .why { max-width: none; }
        .why { font-size: .88rem; }
        .headline { font-size: 1.12rem; font-weight: 600; }
        nav { display: flex; flex-wrap: wrap; gap: 4px 16px; padding: 10px 0 14px; font-size: .92rem; }
        section { background: var(--card); border: 1px solid var(--rule); border-radius: 10px; padding: 22px 24px; margin: 0 0 20px; }
        footer { color: var(--soft); font-size: .88rem; overflow-wrap: anywhere; }
        .notice { background: var(--warn-back); border-left: 4px solid var(--warn); padding: 8px 12px; border-radius: 4px; max-width: none; }
        .notice.fine { background: var(--open-back); border-color: var(--grey); }
        .warn { color: var(--warn); font-size: .88rem; }
        .groups { display: grid; gap: 12px; margin: 12px 0; }
        .groups .group { border-left: 4px solid var(--grey); background: var(--open-back); border-radius: 4px; padding: 10px 14px; }
        .groups .group h3, .groups .group .why { margin: 0; }
        .groups .good { border-color: var(--good); background: var(--good-back); }
        .groups .bad { border-color: var(--bad); background: var(--bad-back); }
        .groups .changed { border-color: var(--blue); }
        .verdict { font-weight: 600; } .outcome .verdict, td .verdict { white-space: nowrap; } .outcome .verdict { font-size: .95rem; }
        .verdict.good { color: var(--good); } .verdict.bad { color: var(--bad); } .verdict.changed { color: var(--blue); } .verdict.open { color: var(--soft); }
        .legend { display: flex; flex-wrap: wrap; gap: 4px 20px; color: var(--soft); font-size: .9rem; }
        .key { white-space: nowrap; }
        .rows { margin: 8px 0 20px; }
        .measure { display: grid; grid-template-columns: minmax(150px, 230px) minmax(200px, 1fr) 182px; gap: 4px 28px; align-items: center; padding: 10px 0 6px; border-top: 1px solid var(--grid); break-inside: avoid; }
        .measure .label strong, .measure .label span, .measure .outcome span.values { display: block; }
        .measure .label { overflow-wrap: anywhere; line-height: 1.35; }
        .direction { color: var(--soft); font-size: .84rem; }
        .values { font-variant-numeric: tabular-nums; }
        .dots { padding: 0 20px; min-width: 0; }
        svg { display: block; } .key svg { display: inline-block; vertical-align: middle; overflow: visible; } .dotrow { overflow: visible; }
        svg text { font-size: 11px; fill: var(--ink); }
        svg text.tick { fill: var(--soft); font-variant-numeric: tabular-nums; }
        .grid { stroke: var(--grid); } .axis { stroke: var(--grey); } .link { stroke: var(--grey); stroke-dasharray: 2 3; }
        .ideal { stroke: var(--good); stroke-width: 2; stroke-dasharray: 5 3; } path.line.ideal { stroke: var(--good); stroke-dasharray: 5 3; }
        .whisker { stroke-width: 2; } .whisker.before { stroke: var(--grey); } .whisker.after { stroke: var(--blue); }
        .dot.before { fill: var(--card); stroke: var(--grey); stroke-width: 2; } .dot.after { fill: var(--blue); stroke: var(--card); stroke-width: 1; }
        .panels { display: flex; flex-wrap: wrap; gap: 14px 18px; }
        .panel { margin: 0; break-inside: avoid; max-width: min(330px, 100%); } .panel svg { max-width: 100%; height: auto; } .panel figcaption { font-size: .9rem; line-height: 1.4; min-height: 2.8em; margin: 0 0 4px; } .panel strong { display: block; } .panel .key { margin-right: 14px; color: var(--soft); }
        path.line { fill: none; stroke-width: 1.8; stroke-linejoin: round; }
        path.series0 { stroke: var(--blue); } path.series1 { stroke: var(--orange); stroke-dasharray: 5 3; } path.series2 { stroke: var(--good); stroke-dasharray: 2 2; } path.series3 { stroke: var(--grey); }
        circle.series0 { fill: var(--blue); } circle.series1 { fill: var(--orange); } circle.series2 { fill: var(--good); } circle.series3 { fill: var(--grey); }
        svg text.last { font-weight: 600; } text.series0 { fill: var(--blue); } text.series1 { fill: var(--orange); } text.series2 { fill: var(--good); } text.series3 { fill: var(--grey); }
        .guess { stroke: var(--grey); stroke-dasharray: 2 3; }
        .beside { display: flex; flex-wrap: wrap; gap: 10px 28px; align-items: flex-start; } .beside .panel { flex: 0 1 300px; } .beside div { flex: 1 1 300px; min-width: 0; }
        .scroll { overflow-x: auto; margin: 12px 0; }
        table { border-collapse: collapse; font-size: .9rem; width: 100%; font-variant-numeric: tabular-nums; }
        caption { text-align: left; color: var(--soft); padding: 0 0 6px; caption-side: top; }
        th, td { text-align: left; vertical-align: top; padding: 6px 10px 6px 0; border-bottom: 1px solid var(--grid); overflow-wrap: break-word; }
        thead th { border-bottom: 1px solid var(--grey); vertical-align: bottom; }
        tbody th { font-weight: 600; min-width: 12em; } .hash { overflow-wrap: anywhere; min-width: 9em; }
        .number { text-align: right; } td.number { white-space: nowrap; } .meaning { overflow-wrap: anywhere; }
        th:last-child, td:last-child { padding-right: 0; } .interval, .meaning { display: block; color: var(--soft); font-weight: 400; font-size: .86em; } .number .interval { white-space: normal; }
        .heat rect.positive { fill: var(--blue); opacity: var(--fill); } .heat rect.negative { fill: var(--orange); opacity: var(--fill); } .heat rect.none { fill: none; stroke: var(--rule); } .heat rect.frame { fill: none; stroke: var(--rule); }
        .heat text.cell { font-size: 10px; pointer-events: none; fill: var(--cell); }
        .heat rect.part.prompt { fill: var(--grey); } .heat rect.part.answer { fill: var(--good); } .heat rect.part.template { fill: var(--rule); }
        .heat text.token.answer { fill: var(--good); font-weight: 600; } .heat text.token.template { fill: var(--soft); }
        .lens td.token { min-width: 6.5em; } .lens td, .lens tbody th { border-bottom: 1px solid var(--card); padding: 3px 8px; } .lens tbody th { min-width: 4em; }
        .token { white-space: nowrap; background: linear-gradient(to right, color-mix(in srgb, var(--blue) 30%, transparent) var(--p), var(--open-back) var(--p)); }
        .probability { float: right; padding-left: 10px; font-size: .9em; } .lens td.same { text-align: center; color: var(--soft); min-width: 2em; }
        code, pre, .text { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: .86rem; }
        pre, .text { white-space: pre-wrap; overflow-wrap: anywhere; background: var(--open-back); border-radius: 6px; padding: 10px 12px; margin: 4px 0 10px; }
        .label { font-size: .92rem; } p.label { font-weight: 600; margin: 8px 0 2px; font-size: .86rem; color: var(--soft); }
        details { margin: 8px 0; } details details { margin-left: 14px; } summary { cursor: pointer; overflow-wrap: anywhere; } details.group > summary { font-weight: 600; }
        .judged { color: var(--soft); border: 1px solid var(--rule); border-radius: 10px; padding: 0 8px; font-size: .84rem; white-space: nowrap; }
        .filter { color: var(--soft); font-size: .92rem; max-width: none; } ::placeholder { color: var(--soft); opacity: 1; } .filter input, .filter select { font: inherit; color: var(--ink); background: var(--paper); border: 1px solid var(--rule); border-radius: 6px; padding: 3px 8px; max-width: 100%; }
        .pair { display: grid; grid-template-columns: 1fr 1fr; gap: 6px 18px; } .pair div { min-width: 0; }
        dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 18px; font-size: .92rem; } dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
        @media screen and (max-width: 720px) {
          body { padding: 0 10px 32px; } section { padding: 16px 14px; }
          table { font-size: .84rem; } tbody th { min-width: 7.5em; }
          .measure { grid-template-columns: 1fr; } .pair { grid-template-columns: 1fr; } dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: 8px; }
          .measure .outcome span.values { display: inline; margin-right: 12px; }
        }
        @media print {
          :root { --paper: #fff; --card: #fff; --ink: #000; --soft: #444; --rule: #ccc; --grid: #e5e5e5; --blue: #0a5cad; --orange: #b64a12; --grey: #777; --good: #17713f; --bad: #b3261e; --warn: #8a5a00;
            --good-back: #f2f8f4; --bad-back: #fdf4f3; --warn-back: #fffaec; --open-back: #f5f6f8; --cell: #000; --fill: .8; }
          * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
          body { max-width: none; padding: 0; font-size: 10.5pt; } nav { display: none; } section { border: 0; padding: 8px 0; } .scroll { overflow: visible; } .heat { max-width: 100%; height: auto; }
          .filter { display: none; } .lens, .lens code { font-size: 6.5pt; } .lens td.token { min-width: 6.5em; } .lens td, .lens tbody th { padding: 2px 3px; } .token { white-space: normal; overflow-wrap: anywhere; }
          .measure { gap: 4px 16px; } h2, h3 { break-after: avoid; } tr, .sample { break-inside: avoid; } table { font-size: 7.5pt; } th, td { padding-right: 6px; } tbody th { min-width: 8em; } td .verdict { white-space: normal; } .hash { min-width: 6em; }
        }
        """;
}
