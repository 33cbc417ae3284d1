/** The note for the record system: plain text, whole or section by section. */

import type { Commands } from "../effects/commands.ts";
import type { NoteState } from "../state/note.ts";
import { warning } from "../text/origin.ts";
import { plainNote } from "../text/plain.ts";
import { choice, openDialog } from "./dialog.ts";
import { button, h } from "./dom.ts";
import { icon } from "./icons.ts";

export function openCopyDialog(note: NoteState, commands: Commands): void {
  const headings = h("input", { type: "checkbox", checked: true });
  const summary = h("input", { type: "checkbox", checked: false });
  const addenda = h("input", { type: "checkbox", checked: true });
  const text = h("textarea", { rows: "10", readonly: true, "aria-label": "The note as plain text" });
  const render = (): void => {
    const options = { headings: headings.checked, summary: summary.checked, addenda: addenda.checked };
    text.value = plainNote(note.sections, note.stored, options);
  };
  for (const box of [headings, summary, addenda]) box.addEventListener("change", render);
  render();
  const written = note.sections.filter((section) => section.text.trim() !== "");
  const mark = note.stored ? warning(note.stored) : "";
  openDialog("Copy for the record system", [
    mark === "" ? "" : h("p", { class: "quiet-text" }, `${mark}. The copy of the whole note says so too.`),
    h(
      "div",
      { class: "choices choices-row" },
      choice(headings, "Headings"),
      choice(summary, "Summary"),
      choice(addenda, "Addenda"),
    ),
    text,
    h(
      "div",
      { class: "dialog-actions" },
      button("Copy the note", "primary", () => void commands.copy(text.value, "The note"), icon("copy")),
    ),
    h("h3", { class: "field-label" }, "Or one section at a time"),
    h(
      "div",
      { class: "copy-sections" },
      ...written.map((section) =>
        button(
          section.heading,
          "plain",
          () => void commands.copy(section.text, section.heading, mark),
          icon("copy"),
        ),
      ),
    ),
  ]);
}
