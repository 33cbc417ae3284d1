/** Finds what was written about the patient's session before this one. */

import * as api from "../api/client.ts";
import type { NoteSection, SessionItem } from "../api/types.ts";
import type { LastTime } from "../state/state.ts";

/** What carries over from one session to the next, in the formats that come along. */
const CARRIED = ["summary", "plan"];

function sectionsOf(sections: readonly NoteSection[]): LastTime["sections"] {
  return sections
    .filter(({ id, text }) => CARRIED.includes(id) && text.trim() !== "")
    .map(({ heading, text }) => ({ heading, text }));
}

/** Null where there was none before, or nothing was written about it. */
export async function fetchLastTime(item: SessionItem): Promise<LastTime | null> {
  const { items } = await api.fetchSessions(null, { patientId: item.patientId });
  const before = items
    .filter((other) => other.number < item.number && other.noteVersion !== null)
    .sort((a, b) => b.number - a.number)[0];
  if (!before) return null;
  const sections = sectionsOf((await api.fetchNote(before.id)).sections);
  if (sections.length === 0) return null;
  return { sessionId: before.id, number: before.number, date: before.date, sections };
}
