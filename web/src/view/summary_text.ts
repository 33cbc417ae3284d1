/** The text of a patient's overview: its parts, its risk words, and the sessions that it names, as links to them. */

import { riskSpans, withoutMarkers } from "../text/markers.ts";
import { h } from "./dom.ts";

export interface SummaryPart {
  readonly heading: string;
  readonly text: string;
}

/** ``**Heading:** words`` parts of a summary, in order; words before the first heading have an empty one. */
export function summaryParts(summary: string): readonly SummaryPart[] {
  const parts: SummaryPart[] = [];
  const pieces = summary.split(/^\s*\*\*([^*\n]+):\*\*/m);
  const first = pieces[0]?.trim() ?? "";
  if (first !== "") parts.push({ heading: "", text: first });
  for (let at = 1; at < pieces.length; at += 2) {
    parts.push({ heading: pieces[at] ?? "", text: (pieces[at + 1] ?? "").trim() });
  }
  return parts;
}

/** The id of a patient's session by its number; undefined where the list does not hold it. */
export type SessionLookup = (number: number) => number | undefined;

const SESSION = /\(session (\d+)\)/g;

function linked(text: string, session: SessionLookup): readonly (Node | string)[] {
  const pieces: (Node | string)[] = [];
  let from = 0;
  for (const match of text.matchAll(SESSION)) {
    const id = session(Number(match[1]));
    if (id === undefined) continue;
    pieces.push(
      text.slice(from, match.index + 1),
      h("a", { href: `#/sessions/${id}` }, `session ${match[1]}`),
    );
    from = match.index + match[0].length - 1;
  }
  return [...pieces, text.slice(from)];
}

export function summaryText(text: string, session: SessionLookup): readonly (Node | string)[] {
  const plain = withoutMarkers(text);
  const pieces: (Node | string)[] = [];
  let from = 0;
  for (const span of riskSpans(plain)) {
    const risk = h("span", { class: "risk-word" }, plain.slice(span.from, span.to));
    pieces.push(...linked(plain.slice(from, span.from), session), risk);
    from = span.to;
  }
  return [...pieces, ...linked(plain.slice(from), session)];
}
