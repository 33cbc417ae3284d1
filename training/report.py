"""The report of an evaluation, as Markdown with pictures and as one HTML file that needs nothing else."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path

from models.catalog.files import PRIVATE, replacing
from training.cases import Case
from training.evaluate import Evaluation, Measured
from training.pictures import bars
from training.scores import BLEU_SMOOTHING, BLEU_TOKENIZER, ROUGE

RATES = (
    *("support", "omissions", "risk recall", "dangers and denials not said"),
    *("invented numbers", "repeats", "length kept", "words"),
)


def variant() -> str:
    """Of which kind the figures are, so that others can be compared with them."""
    return (
        f"ROUGE: rouge-score {version('rouge-score')}, F-measure, stemmer on, one sentence a line; "
        f"BLEU: sacrebleu {version('sacrebleu')}, corpus, tokenizer {BLEU_TOKENIZER}, smoothing {BLEU_SMOOTHING}. "
        "Intervals: 95 %, bootstrap over sessions; n where fewer of them have a value."
    )


Row = Sequence[str]


def _scores(name: str, measured: Measured) -> Row:
    cells = [str(measured.interval(variant)) for variant in ROUGE]
    return (name, str(measured.interval("rougeL").n), *cells, measured.bleu.to(1))


def _rates(name: str, measured: Measured) -> Row:
    return (name, *(_rate(measured, rate) for rate in RATES))


def _rate(measured: Measured, rate: str) -> str:
    """A rate; with the number of sessions that it is of, where not all have a value."""
    if not measured.values[rate]:
        return "–"
    found = measured.interval(rate)
    return found.to(2) if found.n == len(measured.values[ROUGE[0]]) else f"{found.to(2)}, n {found.n}"


def tables(evaluation: Evaluation) -> Iterable[tuple[str, Row, list[Row]]]:
    """(title, heads, rows): scores and rates of each part, all candidates side by side."""
    first = next(iter(evaluation.candidates.values()))
    for part in first:
        named = [(name, parts[part]) for name, parts in evaluation.candidates.items() if part in parts]
        heads = ("candidate", "sessions", "ROUGE-1", "ROUGE-2", "ROUGE-L", "ROUGE-Lsum", "BLEU")
        yield f"{part}: against the reference", heads, [_scores(name, one) for name, one in named]
        yield f"{part}: against the session", ("candidate", *RATES), [_rates(name, one) for name, one in named]


def markdown(evaluation: Evaluation, title: str, examples: int = 3) -> str:
    """The report as Markdown. It holds text of sessions where ``examples`` is not 0."""
    lines = [f"# {title}", "", variant(), ""]
    lines += [f"{name}: {value:.1f}" for name, value in evaluation.speed.items()]
    for heading, heads, rows in tables(evaluation):
        lines += ["", f"## {heading}", "", *_picture(heading), *_rows(heads, rows)]
    for case in _chosen(evaluation.cases, examples):
        pair = [_cell(case.reference), _cell(case.text)]
        lines += ["", f"### {case.session}, {case.part}", "", *_rows(("reference", "written"), [pair])]
    return "\n".join(lines) + "\n"


def _picture(heading: str) -> list[str]:
    part, _, against = heading.partition(": ")
    return [f"![ROUGE-L of {part}]({part.replace(' ', '-')}.svg)", ""] if against.endswith("reference") else []


def _rows(heads: Row, rows: Sequence[Row]) -> list[str]:
    lines = (heads, ["---"] * len(heads), *rows)
    return [f"| {' | '.join(line)} |" for line in lines]


def _cell(text: str) -> str:
    """Text that stays in one cell of a table, whatever it holds."""
    return html.escape(text, quote=False).replace("|", "\\|").replace("\n", "<br>")


def _chosen(cases: Sequence[Case], sessions: int) -> list[Case]:
    names = list(dict.fromkeys(case.session for case in cases))[:sessions]
    return [case for case in cases if case.session in names]


_STYLE = """body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem}
table{border-collapse:collapse;margin:.5rem 0 1.5rem}td,th{padding:.25rem .75rem;
border-bottom:1px solid #8886;text-align:left}
td{font-variant-numeric:tabular-nums}.pair{display:grid;grid-template-columns:1fr 1fr;gap:1.5rem}
@media(prefers-color-scheme:dark){body{background:#111;color:#eee}}"""


def to_html(evaluation: Evaluation, title: str, examples: int = 3) -> str:
    """The report as HTML, examples side by side."""
    parts = [f"<h1>{html.escape(title)}</h1><p>{html.escape(variant())}</p>"]
    parts += [f"<p>{html.escape(name)}: {value:.1f}</p>" for name, value in evaluation.speed.items()]
    shown = pictures(evaluation)
    for heading, heads, rows in tables(evaluation):
        picture = shown[f"{heading.partition(': ')[0].replace(' ', '-')}.svg"] if _picture(heading) else ""
        parts.append(f"<h2>{html.escape(heading)}</h2>{picture}{_table(heads, rows)}")
    for case in _chosen(evaluation.cases, examples):
        parts.append(
            f"<h3>{html.escape(case.session)}, {html.escape(case.part)}</h3><div class=pair>"
            f"<p><b>Reference</b><br>{html.escape(case.reference)}</p>"
            f"<p><b>Written</b><br>{html.escape(case.text)}</p></div>"
        )
    head = (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{html.escape(title)}</title><style>{_STYLE}</style>"
    )
    return head + "".join(parts) + "</html>\n"


def _table(heads: Row, rows: Sequence[Row]) -> str:
    top = "".join(f"<th scope=col>{html.escape(head)}</th>" for head in heads)
    body = "".join(f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def pictures(evaluation: Evaluation) -> dict[str, str]:
    """ROUGE-L of all candidates as a picture for each part, by the name of its file."""
    first = next(iter(evaluation.candidates.values()))
    return {
        f"{part.replace(' ', '-')}.svg": bars(
            f"ROUGE-L of {part}",
            {n: parts[part].interval("rougeL") for n, parts in evaluation.candidates.items() if part in parts},
        )
        for part in first
    }


def write_report(evaluation: Evaluation, folder: Path, title: str, examples: int = 3) -> tuple[Path, Path]:
    """``report.md`` with its pictures beside it, and ``report.html``, in ``folder``."""
    texts = {
        "report.md": markdown(evaluation, title, examples),
        "report.html": to_html(evaluation, title, examples),
        **pictures(evaluation),
    }
    for name, text in texts.items():
        with replacing(folder / name, mode=PRIVATE) as draft:
            draft.write_text(text, encoding="utf-8")
    return folder / "report.md", folder / "report.html"
