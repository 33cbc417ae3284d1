/** Every stored version: who wrote it, when, why, and what changed. */

import * as api from "../api/client.ts";
import type { Addendum, Revision } from "../api/types.ts";
import { withoutMarkers } from "../text/markers.ts";
import { DEMONSTRATION, STATUS } from "../text/origin.ts";
import { dayAndTime } from "../text/words.ts";
import { openDialog } from "./dialog.ts";
import { diffText } from "./diff_text.ts";
import { h, setAttribute } from "./dom.ts";

const CHANGES: Readonly<Record<string, string>> = {
  generated: "Drafted by the model",
  regenerated: "Drafted anew by the model",
  edited: "Edited",
  signed: "Signed",
  unlocked: "Unlocked",
  addendum: "Addendum",
  failed: "Failed",
};

/** An edit that left every word may have settled what the model offered beside them. */
function changeWords(revision: Revision, before: Revision | undefined): string {
  const words = CHANGES[revision.change] ?? revision.change;
  if (revision.change !== "edited" || !before) return words;
  const same = revision.sections.every(({ id }) => sectionText(revision, id) === sectionText(before, id));
  return same ? "Suggestions settled, text unchanged" : words;
}

function author(revision: Revision): string {
  return ["ai", "person", "model", ""].includes(revision.author) ? "" : ` · ${revision.author}`;
}

class Versions {
  readonly element: HTMLElement;
  readonly #revisions: readonly Revision[];
  readonly #buttons: readonly HTMLButtonElement[];
  readonly #text = h("div", {
    class: "version-text",
    tabindex: "0",
    role: "region",
    "aria-label": "Text of the version",
  });
  readonly #against = h(
    "select",
    { "aria-label": "Compare with" },
    h("option", { value: "before" }, "Changes since the version before"),
    h("option", { value: "latest" }, "Changes until the latest version"),
    h("option", { value: "none" }, "The text alone"),
  );
  #chosen: Revision | undefined;

  constructor(revisions: readonly Revision[]) {
    this.#revisions = revisions;
    this.#buttons = revisions.map((revision, at) => this.#entry(revision, revisions[at - 1])).reverse();
    this.#against.addEventListener("change", () => this.#show());
    this.element = h(
      "div",
      { class: "versions" },
      h("div", { class: "version-list", role: "group", "aria-label": "Versions" }, ...this.#buttons),
      h("div", { class: "version-pane" }, this.#against, this.#text),
    );
    this.#choose(revisions.at(-1));
  }

  #entry(revision: Revision, before: Revision | undefined): HTMLButtonElement {
    const entry = h(
      "button",
      { type: "button", class: "version", "data-version": revision.version },
      h("strong", {}, `Version ${revision.version}`),
      h("span", {}, `${changeWords(revision, before)}${author(revision)}`),
      h("span", { class: "field-hint" }, dayAndTime(revision.createdAt)),
      revision.reason !== null && h("span", { class: "field-hint" }, `Reason: ${revision.reason}`),
    );
    entry.addEventListener("click", () => this.#choose(revision));
    return entry;
  }

  #choose(revision: Revision | undefined): void {
    this.#chosen = revision;
    for (const entry of this.#buttons) {
      setAttribute(entry, "aria-pressed", String(entry.dataset.version === String(revision?.version)));
    }
    this.#show();
  }

  #show(): void {
    const chosen = this.#chosen;
    if (!chosen) {
      this.#text.replaceChildren(h("p", { class: "quiet-text" }, "There is no version yet."));
      return;
    }
    const at = this.#revisions.indexOf(chosen);
    if (this.#against.value === "before") this.#compare(this.#revisions[at - 1], chosen);
    else if (this.#against.value === "latest") this.#compare(chosen, this.#revisions.at(-1));
    else this.#compare(chosen, chosen);
  }

  #compare(before: Revision | undefined, after: Revision | undefined): void {
    const headings = new Map(
      [...(after?.sections ?? []), ...(before?.sections ?? [])].map((s) => [s.id, s.heading]),
    );
    const parts = [...headings].map(([id, heading]) => {
      const [old, now] = [sectionText(before, id), sectionText(after, id)];
      if (old === "" && now === "") return null;
      const same = old === now && before !== after;
      return h(
        "section",
        { class: same ? "version-section is-same" : "version-section" },
        h(
          "h3",
          { class: "section-heading" },
          heading,
          same && h("span", { class: "field-hint" }, "unchanged"),
        ),
        diffText(old, now),
      );
    });
    const addenda = (after?.addenda ?? []).map((addendum) => ({
      isNew: before !== after && !has(before, addendum),
      addendum,
    }));
    const texts = (wanted: boolean): readonly HTMLElement[] =>
      addenda.filter(({ isNew }) => isNew === wanted).map((one) => addendumText(one.addendum, one.isNew));
    // What a version added is seen without scrolling past all that it left as it was.
    this.#text.replaceChildren(
      ...(after ? [mark(after)] : []),
      ...texts(true),
      ...parts.filter((part) => part !== null),
      ...texts(false),
    );
  }
}

/** What the version is worth: nobody is to take a draft, or a demonstration, for a reviewed note. */
function mark({ status, demonstration }: Revision): HTMLElement {
  const words = demonstration ? `${STATUS[status]} · ${DEMONSTRATION}` : STATUS[status];
  return h("p", { class: "quiet-text version-mark" }, words);
}

function has(revision: Revision | undefined, { text, createdAt }: Addendum): boolean {
  return revision?.addenda.some((one) => one.text === text && one.createdAt === createdAt) === true;
}

/** An addendum only ever comes to those before it. */
function addendumText({ text, author, createdAt }: Addendum, isNew: boolean): HTMLElement {
  return h(
    "section",
    { class: "version-section" },
    h("h3", { class: "section-heading" }, `Addendum · ${author || "therapist"} · ${dayAndTime(createdAt)}`),
    diffText(isNew ? "" : text, text),
  );
}

function sectionText(revision: Revision | undefined, id: string): string {
  return withoutMarkers(revision?.sections.find((section) => section.id === id)?.text ?? "");
}

export async function openVersionsDialog(sessionId: number): Promise<void> {
  const body = h("div", {}, h("p", { class: "quiet-text" }, "Loading the versions…"));
  openDialog("Versions", [body], { wide: true });
  try {
    body.replaceChildren(new Versions(await api.fetchRevisions(sessionId)).element);
  } catch (error) {
    if (!(error instanceof api.CallFailed)) throw error;
    body.replaceChildren(h("p", { class: "banner banner-problem" }, error.message));
  }
}
