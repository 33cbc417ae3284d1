/** What happened between two states, in words, for who does not see the page. Said once each; text that grows is not. */

import { count } from "../text/words.ts";
import { isLocked, isSuggesting, type NoteState, type SectionState } from "./note.ts";
import { foundWords, isFiltered, type SessionsState, visibleSessions } from "./sessions.ts";
import type { AppState, OpenSession } from "./state.ts";

const PHASES = {
  queued: "The note waits for the model.",
  prefill: "The model reads the session.",
  generating: "The note is being written.",
  checking: "Each sentence is checked against the session.",
};

function trust(note: NoteState): string {
  const sentences = note.sections.flatMap((section) => section.sentences);
  const unsupported = sentences.filter((sentence) => !sentence.supported).length;
  return unsupported === 0 ? "" : ` ${count(unsupported, "sentence has", "sentences have")} no source.`;
}

function ofGeneration(note: NoteState, before: NoteState): string | null {
  const { generation } = note;
  const old = before.generation;
  if (generation && generation.phase !== old?.phase) return PHASES[generation.phase];
  if (generation && old && generation.restarts > old.restarts) return "The model started again.";
  if (generation || !old) return null;
  if (note.failure) return `The note was not written. ${note.failure.detail}`;
  return note.stored ? `The note is ready.${trust(note)}` : null;
}

/** Whole suggestions that were not there before; half of one is nobody's to settle. */
function ofSuggestions(note: NoteState, before: NoteState): string | null {
  const stands = (section: SectionState | undefined, { generation }: NoteState): boolean =>
    Boolean(section?.suggestion) && !(section && generation && isSuggesting(section));
  if (!before.loaded || isLocked(note)) return null;
  const known = new Map(before.sections.map((section) => [section.id, section]));
  const names = note.sections
    .filter((section) => stands(section, note) && !stands(known.get(section.id), before))
    .map(({ heading }) => heading);
  return names.length === 0 ? null : `The model's version stands beside ${names.join(", ")}.`;
}

function ofConflict(note: NoteState, before: NoteState): string | null {
  const known = new Map(before.sections.map((section) => [section.id, section]));
  const torn = note.sections.find(({ id, conflict }) => conflict && !known.get(id)?.conflict);
  return torn ? `Somebody else changed ${torn.heading} too. Both texts are shown.` : null;
}

function ofSignature(note: NoteState, before: NoteState): string | null {
  if (!note.stored || !before.stored) return null;
  if (isLocked(note) && !isLocked(before)) {
    const late = note.sections.some((section) => section.late !== null);
    const rest = late ? " Your last words came too late and stand beside it." : "";
    return `The note is signed by ${note.stored.signedBy ?? "the therapist"}.${rest}`;
  }
  if (!isLocked(note) && isLocked(before)) return "The note is unlocked.";
  return note.stored.addenda.length > before.stored.addenda.length ? "An addendum was added." : null;
}

/** Words without a place in the note, as after a change of its format. */
function ofStrays(note: NoteState, before: NoteState): string | null {
  const strays = ({ sections }: NoteState): number => sections.filter(({ stray }) => stray).length;
  if (isLocked(note) || strays(note) <= strays(before)) return null;
  return "The note has no place any more for words of yours that were not saved. They stand beside it.";
}

/** A save that failed is tried again and again: it is told when it begins to fail, and when it is over. */
function ofSaving(note: NoteState, before: NoteState): string | null {
  const failing = ({ saving }: NoteState): boolean =>
    saving.state === "waiting" || (saving.state === "sending" && saving.again);
  if (note.saving.state === "waiting" && !failing(before)) return `Not saved yet: ${note.saving.reason}`;
  const done = note.savedAt !== before.savedAt && note.saving.state === "idle";
  return done && failing(before) ? "Your words are saved." : null;
}

function ofNote(open: OpenSession, before: OpenSession): readonly (string | null)[] {
  const of = [ofSignature, ofConflict, ofGeneration, ofSuggestions, ofStrays, ofSaving];
  return of.map((tell) => tell(open.note, before.note));
}

function isLost({ online, open, sessions }: AppState): boolean {
  return !online || sessions.lost || open?.note.connection === "lost";
}

function ofConnection(state: AppState, before: AppState): string | null {
  if (isLost(state) === isLost(before)) return null;
  if (!isLost(state)) return "The connection is back.";
  return "The connection is lost. Your words are kept here and sent as soon as it is back.";
}

function ofRoute({ route, open, sessions }: AppState, before: AppState): string | null {
  if (route === before.route) return null;
  if (route.view === "patient") return `Patient ${route.patientId} is open.`;
  const item = open ? sessions.items.get(open.id) : undefined;
  return item ? `Session ${item.number} of patient ${item.patientId} is open.` : null;
}

/** All that is to be said, or an empty text. */
export function news(state: AppState, before: AppState): string {
  const { open } = state;
  const same = open && open.id === before.open?.id && open.note !== before.open.note;
  const words = [
    ofRoute(state, before),
    ...(same && before.open ? ofNote(open, before.open) : []),
    ofConnection(state, before),
  ];
  return words.filter((line) => line !== null).join(" ");
}

/** What a search has found, for when the typing pauses; null while nothing is sought, or it is still looked for. */
export function foundNews(sessions: SessionsState): string | null {
  if (!isFiltered(sessions) || sessions.looking) return null;
  const found = visibleSessions(sessions).length;
  const words = foundWords(sessions, found);
  return found === 0 ? words : `${count(found, "session", "sessions")}. ${words}`.trim();
}
