/** The note as plain text, as records of other systems take it. */

import type { SectionState, StoredNote } from "../state/note.ts";
import { warning } from "./origin.ts";
import { day } from "./words.ts";

export interface PlainOptions {
  readonly headings: boolean;
  readonly summary: boolean;
  readonly addenda: boolean;
}

export function plainNote(
  sections: readonly SectionState[],
  stored: StoredNote | null,
  options: PlainOptions,
): string {
  const parts = sections
    .filter((section) => section.text.trim() !== "")
    .filter((section) => options.summary || section.id !== "summary")
    .map((section) =>
      options.headings ? `${section.heading}\n${section.text.trim()}` : section.text.trim(),
    );
  const mark = stored ? warning(stored) : "";
  if (mark !== "") parts.unshift(`[${mark}]`);
  if (options.addenda) {
    for (const addendum of stored?.addenda ?? []) {
      parts.push(
        `Addendum (${addendum.author || "therapist"}, ${day(addendum.createdAt)})\n${addendum.text}`,
      );
    }
  }
  if (stored?.signedBy) parts.push(`Signed by ${stored.signedBy}, ${day(stored.signedAt ?? "")}`);
  return parts.join("\n\n");
}
