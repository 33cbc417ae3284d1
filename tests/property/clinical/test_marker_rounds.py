"""What markers mean is a loop over the whole text until nothing changes; reading them takes the time of one look."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.clinical.markers import normalise_markers, strip_markers

_PAIRED = re.compile(r"\{\{\s*RED\s*\}\}((?:(?!\{\{).)*?)\{\{\s*/\s*REDC?\s*\}\}", re.IGNORECASE | re.DOTALL)
_SINGLE = re.compile(r"\{\{\s*RED\s*:\s*([^{}]*?)\s*\}\}", re.IGNORECASE)
_NESTED = re.compile(r"\{\{\s*RED\s*:\s*([^{}]*)\{\{RED:([^{}]+)\}\}([^{}]*)\}\}", re.IGNORECASE)
_MARK = re.compile(r"\{\{RED:([^{}]*)\}\}")

TOKENS = ["{{RED:", "{{red:", "{{ Red : ", "}}", "{{RED}}", "{{/RED}}", "{{ /redc }}", "{", "}", "{{", "RE", "D:", "D"]
TOKENS += [":", "}}}", "{{RED:}}", "{{RED: }}", "/", " ", "\n", "a", "kill", "b c"]
texts = st.lists(st.sampled_from(TOKENS), max_size=24).map("".join)


def write(word: str) -> str:
    trimmed = word.strip()
    return f"{{{{RED:{trimmed}}}}}" if trimmed else word


def plain(text: str) -> str:
    return _MARK.sub(r"\1", text).replace("{", "").replace("}", "")


def normalised(text: str) -> str:
    before = None
    while before != text:
        before = text
        text = _SINGLE.sub(lambda match: write(match.group(1)), text)
        text = _NESTED.sub(lambda match: write("".join(match.groups())), text)
        text = _PAIRED.sub(lambda match: write(plain(match.group(1))), text)
    return text


def stripped(text: str) -> str:
    before = None
    while before != text:
        before = text
        text = _MARK.sub(r"\1", normalised(text))
    return text


@settings(max_examples=1000)
@given(texts)
@example("{{RED:a{{re{{RED:}}d: x }}c}}")
@example("{{RE{{RED:}}D:{{RE{{RED:}}D: kill }}}}")
@example("{{RED: x {{RED:{{RED:kill}} y}}}}")
@example("{{RED{{RED:}}}}a}}{{/RE{{RED:}}D}}")
@example("{{RED:{{RED: {{RED:kill}} }}{{RED:{{RED:a}}}}}}")
def test_markers_are_read_as_by_looking_at_the_whole_text_over_and_over(text: str) -> None:
    assert normalise_markers(text) == normalised(text)
    assert strip_markers(text) == stripped(text)


MANY = 16_000


@pytest.mark.parametrize(
    "text",
    [
        "{{RED:" * MANY + "kill" + "}}" * MANY,
        "{{RED: a " * MANY + "kill" + " b }}" * MANY,
        "{{RED:" * MANY,
        "{{RED:" + " " * 100_000 + "kill",
        "{{RED:" + " " * 100_000 + "kill}}",
        "{{RED}}" + "a" * 100_000,
        "{{RED}}a" * MANY,
        "{{RE" * 6_000 + "{{RED:D" + "}}D: a" * 6_000 + "}}",
        "{{RE" * 6_000 + "{{RED:" + "}}D:" * 6_000 + "}}",
    ],
    ids=["nested", "nested words", "never closed", "spaces", "spaces closed", "pair", "pairs", "told late", "emptied"],
)
def test_a_text_of_nothing_but_markers_takes_no_longer_than_another(text: str) -> None:
    began = time.process_time()
    normalise_markers(text)
    strip_markers(text)

    assert time.process_time() - began < 5
