"""What can happen to a note: one function a call or a mishap, each with what the contract says must come of it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx

from events.outcome import Ack
from tests.support.asgi import events_of
from tests.support.note_story import Client, Story, stored
from tests.support.stream import ids_of


@dataclass(frozen=True, slots=True)
class Step:
    """``client``: 0 or 1. ``words``: what a person types. ``choice`` picks among the ways to do it."""

    name: str
    client: int
    words: str
    choice: int


# -- persons ------------------------------------------------------------------------------------------------------


async def read(story: Story, step: Step) -> None:
    """A client looks at the note."""
    client = story.clients[step.client]
    answer = await story.http.get(story.path)
    client.document = answer.json() if answer.status_code == 200 else None
    client.tag = answer.headers.get("etag")


async def edit(story: Story, step: Step) -> None:
    """A legacy client's whole text: new, under a heading, or what it saw with something added; with or without
    saying on which version."""
    client = story.clients[step.client]
    text = f"{story.word()} {step.words}"
    if step.choice % 3 == 1:
        text = f"**Plan:** {text}"
    if step.choice % 3 == 2 and client.document is not None:
        text = f"{client.document['text']}\n\n{text}"
    before = story.now["text"] if story.now else None
    answer = await _put(story, client, step.choice >= 3, notes=text)
    if answer.status_code != 200:
        return
    assert answer.json()["notes"] == stored(text)
    story.took(text)
    if stored(text) != before:
        story.expect_edit(*re.split(r"\*\*[\w ]+:\*\*", text))


async def section(story: Story, step: Step) -> None:
    """An editor saves some sections, the paragraph among them."""
    client = story.clients[step.client]
    known = [one["id"] for one in story.now["sections"]] if story.now else []
    chosen = known[(step.choice + story.words) % len(known)] if known else "plan"
    texts = {chosen: f"{step.words} {story.word()}" if step.choice % 3 else f"{story.word()} {step.words}"}
    if step.choice % 3 == 1:
        texts["summary"] = f"{story.word()} in the paragraph."
    await _save(story, client, texts, step.choice >= 3)


async def autosave(story: Story, step: Step) -> None:
    """Somebody types: save after save, each on the version that the one before made."""
    client = story.clients[step.client]
    await read(story, step)
    for _ in range(2):
        section_id = "note" if story.now and any(one["id"] == "note" for one in story.now["sections"]) else "plan"
        await _save(story, client, {section_id: f"{step.words} {story.word()}"}, conditional=True)
        await story.look()


async def take_suggestion(story: Story, step: Step) -> None:
    """A person takes over what the model suggests beside a section of theirs."""
    suggestions = story.now["suggestions"] if story.now else {}
    known = {one["id"] for one in story.now["sections"]} if story.now else set()
    wanted = sorted(known & set(suggestions))
    if wanted and not story.is_signed:
        await _save(story, story.clients[step.client], {wanted[0]: suggestions[wanted[0]]}, conditional=False)


async def sign(story: Story, step: Step) -> None:
    answer = await story.http.post(f"{story.path}/sign", json={"name": "Dr. Lee"})
    expected = 404 if story.now is None else 423 if story.is_signed else 200
    assert answer.status_code == expected


async def addendum(story: Story, _step: Step) -> None:
    words = story.word()
    answer = await story.http.post(f"{story.path}/addenda", json={"text": words})
    assert answer.status_code == (404 if story.now is None else 201 if story.is_signed else 400)
    if answer.status_code == 201:
        story.addenda.append(words)


async def unlock(story: Story, _step: Step) -> None:
    reason = f"Wrong date {story.word()}"
    answer = await story.http.post(f"{story.path}/unlock", json={"reason": reason})
    assert answer.status_code == (404 if story.now is None else 200 if story.is_signed else 400)
    if answer.status_code == 200:
        story.reasons.append(reason)


# -- the model ----------------------------------------------------------------------------------------------------


async def generate(story: Story, step: Step) -> None:
    """Without ``regenerate``: over nothing that anybody wrote."""
    story.let_model_say(step.choice)
    had_text = story.has_text
    answer = await story.generate(regenerate=False)
    if had_text:
        assert answer.status_code == 400
        assert answer.json()["detail"] == "Notes already exist. Set regenerate=true to overwrite."
    elif story.is_signed:
        assert answer.status_code == 423
    else:
        assert answer.status_code == 200, answer.text
        story.derive_flags(await story.read_now())


async def regenerate(story: Story, step: Step) -> None:
    """As legacy clients do it: over everything."""
    story.let_model_say(step.choice)
    formats = {} if step.choice < 3 else {"format": ("soap", "dap", "progress")[step.choice % 3]}
    await _written_over(story, await story.generate(regenerate=True, **formats))


async def keep(story: Story, step: Step) -> None:
    """Anew, in this format or another, but for what a person touched: not a word of theirs goes."""
    story.let_model_say(step.choice)
    words = story.persons_words()
    formats = {} if step.choice < 3 else {"format": ("soap", "dap", "progress")[step.choice % 3]}
    answer = await story.generate(regenerate=True, force=False, **formats)
    if await _refused_as_signed(story, answer):
        return
    document = await story.read_now()
    assert words <= _words_in(story, document)
    if any(one["id"] == "note" for one in document["sections"]) and story.has_text:
        return
    story.derive_flags(document)


async def anew_in_part(story: Story, step: Step) -> None:
    """One section anew: the others stay to the letter, whoever wrote them."""
    story.let_model_say(step.choice)
    before = {one["id"]: one["text"] for one in story.now["sections"]} if story.now else {}
    answer = await story.generate(regenerate=True, sections=["plan"])
    if story.is_signed:
        assert answer.status_code == 423
        return
    if not story.has_text:
        assert answer.status_code == 400
        return
    assert answer.status_code == 200, answer.text
    document = await story.read_now()
    after = {one["id"]: one["text"] for one in document["sections"]}
    assert {key: text for key, text in before.items() if key != "plan"}.items() <= after.items()
    if "note" not in before:
        story.derive_flags(document)


async def fallback(story: Story, step: Step) -> None:
    """The model fails, and an extractive note may stand in for it."""
    story.clinic.engine.fails = True
    await _written_over(story, await story.generate(regenerate=True, allow_fallback=True))


async def fail(story: Story, step: Step) -> None:
    """The model fails, and nothing may stand in for it: nothing changes."""
    story.clinic.engine.fails = True
    before = story.now
    answer = await story.generate(regenerate=True, allow_fallback=False)
    assert answer.status_code == (423 if story.is_signed else 503)
    assert await story.look() == before


async def cancel(story: Story, step: Step) -> None:
    """Somebody thinks better of it: nothing changes."""
    before = story.now
    if not await _begun(story, step, regenerate=True):
        return
    assert (await story.http.delete(f"{story.path}/stream")).status_code == 204
    assert await story.clinic.ended(story.session_id) == "cancelled"
    story.clinic.engine.let_go()
    assert await story.look() == before


# -- at the same time ---------------------------------------------------------------------------------------------


async def race(story: Story, step: Step) -> None:
    """A person types while the note is being written: without ``regenerate`` or with ``force`` false their words stay
    in the note, with it they stay in the revisions."""
    forced = story.has_text and step.choice % 2 == 0
    if not await _begun(story, step, regenerate=story.has_text, force=forced):
        return
    assert (await story.http.post(f"{story.path}/sign")).status_code in (404, 423)
    await (edit if step.choice % 3 else section)(story, Step("", step.client, step.words, step.choice % 3))
    await story.look()
    words = story.persons_words()
    await _let_finish(story, words, forced=forced)


async def crash(story: Story, step: Step) -> None:
    """The worker dies in mid-note, somebody types, another worker writes the note."""
    forced = story.has_text and step.choice % 2 == 0
    if not await _begun(story, step, regenerate=story.has_text, force=forced):
        return
    before = story.now
    await story.clinic.lose_worker()
    assert await story.look() == before or story.now is not None
    if step.choice >= 3:
        await section(story, Step("", step.client, step.words, 0))
        await story.look()
    words = story.persons_words()
    await story.clinic.replace_worker()
    await _let_finish(story, words, forced=forced)


async def redeliver(story: Story, step: Step) -> None:
    """The event that the session is closed, once more: with a new id each time, and the same delivery twice."""
    story.let_model_say(step.choice)
    before = story.now
    story.deliveries += 1
    for number in (story.deliveries, story.deliveries, 1):
        assert await story.clinic.deliver_closed(story.session_id, f"{story.session_id}-{number}") == Ack()
    if before is not None or await _has_no_generation(story):
        assert await story.look() == before
        return
    await story.clinic.ended(story.session_id)
    document = await story.read_now()
    if document.get("text"):
        story.derive_flags(document)


async def stream(story: Story, step: Step) -> None:
    """A reader of the stream sees the note that is stored; one that resumes gets exactly what it lacks."""
    whole = await story.http.get(f"{story.path}/stream")
    if whole.status_code == 404:
        assert story.now is None
        return
    events = events_of(whole.text)
    if not events:
        assert whole.status_code == 204
        return
    if events[-1][0] == "note":
        assert {**events[-1][1], "generation": None} == story.now
        if len(events) > 1:
            _check_streamed(events, story)
    ids = ids_of(whole.text)
    cut = step.choice % len(ids)
    rest = await story.http.get(f"{story.path}/stream", headers={"Last-Event-ID": ids[cut]})
    assert ids_of(rest.text) == ids[cut + 1 :]


def _check_streamed(events: list[tuple[str, dict[str, Any]]], story: Story) -> None:
    texts: dict[str, str] = {}
    for name, data in events:
        if name == "reset":
            for one in [data["section"]] if data.get("section") else list(texts):
                texts.pop(one, None)
        elif name == "token":
            texts[data["section"]] = texts.get(data["section"], "") + data["text"]
    assert story.now is not None
    for one in story.now["sections"]:
        if one["author"] == "ai" and one["id"] in texts:
            assert one["text"] == texts[one["id"]]


# -- parts of the above -------------------------------------------------------------------------------------------


async def _put(story: Story, client: Client, conditional: bool, **body: Any) -> httpx.Response:
    """A change as a client makes it. On a version that is not the note's any more it is refused."""
    headers = {}
    if conditional:
        headers = {"If-Match": client.tag} if client.tag else {"If-None-Match": "*"}
    current = f'"{story.session_id}.{story.now["version"]}"' if story.now else None
    answer = await story.http.put(story.path, json=body, headers=headers)
    if conditional and client.tag != current:
        assert answer.status_code == 412
    elif story.is_signed:
        assert answer.status_code == 423
    else:
        assert answer.status_code == 200, answer.text
        client.tag = answer.headers["etag"]
    return answer


async def _save(story: Story, client: Client, texts: dict[str, str], conditional: bool) -> None:
    old = {one["id"]: one["text"] for one in story.now["sections"]} if story.now else {}
    old["summary"] = story.now["summary"] if story.now else ""
    answer = await _put(story, client, conditional, sections=texts)
    if answer.status_code == 200:
        story.took("\n".join(texts.values()))
        if any(stored(text) != old.get(key) for key, text in texts.items()):
            story.expect_edit(*texts.values())


async def _refused_as_signed(story: Story, answer: httpx.Response) -> bool:
    if story.is_signed:
        assert answer.status_code == 423
        return True
    assert answer.status_code == 200, answer.text
    return False


async def _written_over(story: Story, answer: httpx.Response) -> None:
    if not await _refused_as_signed(story, answer):
        story.is_ai, story.edited = True, False


async def _begun(story: Story, step: Step, **body: Any) -> bool:
    """Has a note begun and held in mid-air; False where that is refused."""
    story.let_model_say(step.choice)
    story.clinic.engine.holds = True
    answer = await story.generate(later=True, **body)
    if answer.status_code != 202:
        assert story.is_signed
        assert answer.status_code == 423
        story.clinic.engine.let_go()
        return False
    await story.clinic.asked()
    return True


async def _let_finish(story: Story, words: set[str], *, forced: bool) -> None:
    story.clinic.engine.let_go()
    assert await story.clinic.ended(story.session_id) == "done"
    document = await story.read_now()
    if forced:
        story.is_ai, story.edited = True, False
        return
    assert words <= _words_in(story, document)
    if not any(one["id"] == "note" and one["text"] for one in document["sections"]):
        story.derive_flags(document)


def _words_in(story: Story, document: dict[str, Any]) -> set[str]:
    earlier, story.now = story.now, document
    words = story.persons_words()
    story.now = earlier
    return words


async def _has_no_generation(story: Story) -> bool:
    answer = await story.http.get(story.path)
    return answer.status_code == 404 and answer.json().get("generation") is None


STEPS: dict[str, Callable[[Story, Step], Awaitable[None]]] = {
    one.__name__: one
    for one in (
        read, edit, section, autosave, take_suggestion, sign, addendum, unlock, generate, regenerate, keep,
        anew_in_part, fallback, fail, cancel, race, crash, redeliver, stream,
    )
}  # fmt: skip
