/** What a signature may go under: the words that the person has before them, stored, and nothing else. */

import { isUnsaved, type NoteState } from "./note.ts";

/** Why the note as it is ``now`` is not to be signed by somebody who read it as ``read``; null where it may be. */
export function whyNotToSign(now: NoteState, read: NoteState): string | null {
  const torn = now.sections.find(({ conflict }) => conflict !== null);
  if (torn) return `Somebody else changed ${torn.heading} too: choose between the texts before you sign.`;
  if (now.sections.some(isUnsaved)) {
    const reason = now.saving.state === "waiting" ? ` ${now.saving.reason}` : "";
    return `Your last words are not stored yet and would not be signed.${reason}`;
  }
  const words = ({ sections }: NoteState): string =>
    JSON.stringify(sections.map(({ id, text }) => [id, text]));
  return words(now) === words(read) ? null : "The note was changed meanwhile: read it again before you sign.";
}
