/** Words that are not saved are not dropped by a sign-out unasked. */

import { openForm } from "./dialog.ts";
import { h } from "./dom.ts";

/** Asks whether unsaved words may go; false when the person would rather stay. */
export function mayDropWords(): Promise<boolean> {
  return new Promise((resolve) => {
    const dialog = openForm({
      title: "Some words are not saved",
      action: "Sign out and drop them",
      tone: "danger",
      body: [
        h(
          "p",
          {},
          "The server does not have them yet: it cannot be reached, or they wait for your choice, here or in another tab. Signing out removes them from this machine.",
        ),
      ],
      submit: async () => {
        resolve(true);
        return true;
      },
    });
    dialog.element.addEventListener("close", () => resolve(false));
  });
}
