"""Texts that would run a script if any place of the page took them for markup, an address or code."""

from __future__ import annotations

from itertools import product

_TAGS = (
    "<img src=x {on}={code}>",
    "<svg {on}={code}>",
    "<body {on}={code}>",
    "<video src=x {on}={code}></video>",
    "<input autofocus {on}={code}>",
    "<details open {on}={code}>x</details>",
    "<iframe {on}={code}></iframe>",
    "<style {on}={code}></style>",
    "<button popovertarget=x {on}={code}>x</button>",
)
_EVENTS = ("onerror", "onload", "onfocus", "ontoggle", "onanimationstart", "onpointerenter")
_CODES = ("alert(1)", "window.ran=1", "'window.ran=1'", '"alert(1)"', "&#97;lert(1)")
_WHOLE = (
    "<script>window.ran=1</script>",
    "</script><script>alert(1)</script>",
    "<scr<script>ipt>window.ran=1</scr</script>ipt>",
    "<iframe srcdoc='<script>parent.ran=1</script>'></iframe>",
    "<object data='javascript:window.ran=1'></object>",
    "<embed src='javascript:window.ran=1'>",
    "<a href='javascript:window.ran=1'>click</a>",
    "[click](javascript:window.ran=1)",
    "![x](x 'onerror=alert(1)')",
    "javascript:window.ran=1",
    "<form action='javascript:window.ran=1'><button>x</button></form>",
    "<meta http-equiv=refresh content='0;url=javascript:window.ran=1'>",
    "<base href='javascript:/a/-window.ran=1///'>",
    "<link rel=stylesheet href='data:text/css,*{background:url(javascript:window.ran=1)}'>",
    "<math><mtext></table><mglyph><style><img src=x onerror=window.ran=1>",
    "<noscript><p title='</noscript><img src=x onerror=window.ran=1>'>",
    "<template><script>window.ran=1</script></template>",
    "<svg><animate onbegin=window.ran=1 attributeName=x dur=1s>",
    "<svg><foreignObject><iframe srcdoc='<img src=x onerror=parent.ran=1>'></foreignObject></svg>",
    "{{constructor.constructor('window.ran=1')()}}",
    "${window.ran=1}",
    "{{RED:<img src=x onerror=window.ran=1>}}",
    "{{RED}}<script>window.ran=1</script>{{/RED}}",
    "{{RED:{{RED:<svg onload=window.ran=1>}}}}",
    "**<img src=x onerror=window.ran=1>:** heading",
    "\u202e<img src=x onerror=window.ran=1>",
    "\ufeff<script>window.ran=1</script>",
    "<img src=x onerror=window.ran=1",
    "'\"><img src=x onerror=window.ran=1>",
    "--><script>window.ran=1</script><!--",
    "]]><script>window.ran=1</script>",
    "<!--<img src='--><img src=x onerror=window.ran=1>'>",
    "data:text/html,<script>window.ran=1</script>",
    "<style>@import 'javascript:window.ran=1';</style>",
    "<div style='background:url(javascript:window.ran=1)'>x</div>",
    "<x contenteditable onblur=window.ran=1>lose focus</x>",
)


def payloads(count: int) -> list[str]:
    """The first ``count`` payloads: those written by hand, then those made from parts."""
    made = [tag.format(on=on, code=code) for tag, on, code in product(_TAGS, _EVENTS, _CODES)]
    every = [*_WHOLE, *made]
    assert len(every) >= count
    return every[:count]
