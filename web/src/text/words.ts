/** Dates, durations and counts in words. */

const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
const MOMENT = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
});

function moment(iso: string): Date | null {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? null : date;
}

export function day(iso: string): string {
  const date = moment(iso);
  return date ? DAY.format(date) : iso;
}

export function dayAndTime(iso: string): string {
  const date = moment(iso);
  return date ? MOMENT.format(date) : iso;
}

/** ``75`` seconds as ``1:15``. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const minutes = Math.floor(whole / 60);
  const rest = String(whole % 60).padStart(2, "0");
  if (minutes < 60) return `${minutes}:${rest}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${rest}`;
}

export function about(seconds: number): string {
  if (seconds < 1.5) return "about a second";
  if (seconds < 90) return `about ${Math.round(seconds)} seconds`;
  return `about ${Math.round(seconds / 60)} minutes`;
}

export function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}

/** ``[0, 1, 2, 5]`` as ``1–3, 6``: people count turns from one. */
export function turnNumbers(turns: readonly number[]): string {
  const sorted = [...new Set(turns)].sort((a, b) => a - b);
  const runs: [number, number][] = [];
  for (const turn of sorted) {
    const run = runs.at(-1);
    if (run && run[1] === turn - 1) run[1] = turn;
    else runs.push([turn, turn]);
  }
  return runs.map(([from, to]) => (from === to ? `${from + 1}` : `${from + 1}–${to + 1}`)).join(", ");
}

export function speakerName(speaker: string): string {
  const names: Readonly<Record<string, string>> = {
    therapist: "Therapist",
    client: "Patient",
    unknown: "Speaker",
  };
  return names[speaker] ?? speaker.charAt(0).toUpperCase() + speaker.slice(1);
}
