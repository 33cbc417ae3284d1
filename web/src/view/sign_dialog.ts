/** Signing: what has no source is shown before a name goes under it. */

import type { Commands } from "../effects/commands.ts";
import type { NoteState } from "../state/note.ts";
import { withoutMarkers } from "../text/markers.ts";
import { count } from "../text/words.ts";
import { choice, field, openForm } from "./dialog.ts";
import { h } from "./dom.ts";

function unsupported(note: NoteState): readonly HTMLElement[] {
  return note.sections.flatMap((section) =>
    section.sentences
      .filter((sentence) => !sentence.supported)
      .map((sentence) => h("li", {}, h("strong", {}, `${section.heading}: `), withoutMarkers(sentence.text))),
  );
}

/** What a model or a reader of the transcript found dangerous, so that nobody signs past it. */
function risk(note: NoteState): string {
  const terms = new Set((note.stored?.risk ?? []).map((mention) => mention.term.toLowerCase()));
  return terms.size === 0 ? "" : `Risk words in the session: ${[...terms].join(", ")}.`;
}

function untouched(note: NoteState): string {
  const sections = note.sections.filter((section) => !section.mine && section.text !== "");
  if (sections.length === 0) return "";
  const names = sections.map((section) => section.heading).join(", ");
  return `${count(sections.length, "section is", "sections are")} as the AI drafted: ${names}.`;
}

/** A signature closes what is open: nobody takes anything over from a suggestion after it. */
function unsettled(note: NoteState): string {
  const sections = note.sections.filter((section) => section.suggestion !== null);
  if (sections.length === 0) return "";
  const names = sections.map((section) => section.heading).join(", ");
  return `The model's version is not settled, and goes when the note is signed: ${names}.`;
}

export function openSignDialog(note: NoteState, subject: string | null, commands: Commands): void {
  const name = h("input", {
    type: "text",
    required: true,
    autocomplete: "name",
    maxlength: 200,
    value: subject ?? "",
  });
  const read = h("input", { type: "checkbox", required: true });
  const sentences = unsupported(note);
  const warning = h(
    "div",
    { class: "banner banner-warn sign-warning" },
    h(
      "div",
      {},
      h(
        "p",
        {},
        h(
          "strong",
          {},
          `${count(sentences.length, "sentence has", "sentences have")} no source in the session`,
        ),
      ),
      h("ul", { class: "sign-list" }, ...sentences),
    ),
  );
  const known = note.sections.some((section) => section.sentences.length > 0);
  const lines = [untouched(note), unsettled(note), risk(note)].filter((line) => line !== "");
  openForm({
    title: "Sign the note",
    action: "Sign and lock",
    body: [
      sentences.length > 0
        ? warning
        : known && h("p", { class: "quiet-text" }, "Every sentence has a source in the session."),
      ...lines.map((line) => h("p", { class: "quiet-text" }, line)),
      field("Your name, as it should stand under the note", name),
      choice(
        read,
        "I have read the whole note and answer for every sentence of it.",
        "A signed note changes only by an addendum, or after it is unlocked with a reason.",
      ),
    ],
    submit: () => commands.sign(name.value.trim(), note),
  });
}
