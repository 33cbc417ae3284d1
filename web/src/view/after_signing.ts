/** What can still be done to the signed note of a session: an addendum, or unlocking it with a reason. */

import type { Commands } from "../effects/commands.ts";
import { field, openForm } from "./dialog.ts";
import { h } from "./dom.ts";

/** Addenda that were being written when another session was opened over them. */
const begun = new Map<number, string>();

export function openAddendumDialog(id: number, commands: Commands, words = "", added = (): void => {}): void {
  const text = h(
    "textarea",
    { rows: "6", required: true, maxlength: 100000 },
    words || (begun.get(id) ?? ""),
  );
  const { element } = openForm({
    title: "Add an addendum",
    action: "Add to the note",
    body: [
      field(
        "Addendum",
        text,
        "It stands under the signed note with your name and the time. It cannot be changed.",
      ),
    ],
    submit: async () => {
      const done = await commands.addAddendum(id, text.value.trim());
      if (!done) return false;
      begun.delete(id);
      added();
      return true;
    },
  });
  element.addEventListener("close", () => {
    if (!commands.isOpen(id) && text.value.trim() !== "") begun.set(id, text.value);
  });
}

export function openUnlockDialog(id: number, commands: Commands): void {
  const reason = h("textarea", { rows: "3", required: true, maxlength: 2000 });
  openForm({
    title: "Unlock the signed note",
    action: "Unlock",
    tone: "danger",
    body: [
      h(
        "p",
        { class: "quiet-text" },
        "The signature is taken off. The signed version stays in the versions of the note.",
      ),
      field("Reason", reason, "It is kept with the version and in the audit log."),
    ],
    submit: () => commands.unlock(id, reason.value.trim()),
  });
}
