/** What is going on with a note, in words. */

import type { Health, SessionItem } from "../api/types.ts";
import type { NoteState } from "../state/note.ts";
import { about } from "./words.ts";

export interface ProgressWords {
  readonly title: string;
  readonly detail: string;
  /** 0 to 1, or null where nobody knows. */
  readonly done: number | null;
}

function reading(done: number, total: number, left: string): ProgressWords {
  const share = total > 0 ? done / total : null;
  const read = share === null ? "" : `${Math.floor(share * 100)}% of the session read`;
  return { title: "Reading the session", detail: [read, left].filter(Boolean).join(" · "), done: share };
}

/** A session that goes on: how far the model has read along, so that little is left to read when it is closed. */
export function liveWords(item: SessionItem, health: Health | null): ProgressWords {
  const title = "The session is going on";
  const { reading } = item;
  if (health && !health.modelLoaded)
    return { title, detail: "No model is connected at the moment; the note waits for one", done: null };
  if (!reading || reading.total === 0)
    return { title, detail: "The model reads along from the first words", done: null };
  const share = reading.done / reading.total;
  if (reading.reducing)
    return { title, detail: "It is a long one: the model is condensing its beginning", done: null };
  const detail =
    share >= 1
      ? "The model has read all that was said so far"
      : `The model has read ${Math.floor(share * 100)}% of what was said so far`;
  return { title, detail, done: share };
}

/** What is going on with the note, in words; null when nothing is. */
export function progressWords(note: NoteState): ProgressWords | null {
  const { generation } = note;
  if (!generation) return null;
  const again = generation.restarts > 0 ? "Started again. " : "";
  const speed = generation.tokensPerSecond ? `${generation.tokensPerSecond.toFixed(0)} tokens/s` : "";
  const left = generation.etaSeconds ? `${about(generation.etaSeconds)} left` : "";
  const detail = again + [speed, left].filter(Boolean).join(" · ");
  switch (generation.phase) {
    case "queued": {
      // The server counts places from one: who is first has nobody before it.
      const ahead = (generation.queuePosition ?? 1) - 1;
      const place = ahead > 0 ? `${ahead} ahead of it` : "";
      return {
        title: "Waiting for the model",
        detail: [place, left].filter(Boolean).join(" · "),
        done: null,
      };
    }
    case "prefill":
      return reading(generation.prefillDone, generation.prefillTotal, left);
    case "generating":
      return { title: "Writing the note", detail, done: null };
    case "checking":
      return { title: "Checking each sentence against the session", detail: "", done: null };
  }
}
