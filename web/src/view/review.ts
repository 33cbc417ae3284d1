/** Going through what should be looked at before a name goes under the note: from one to the next, round and round. */

export interface Stop {
  readonly section: string;
  readonly place: number;
}

/** The stop after ``last`` in their order, the first one after the end; null where there is none. */
export function nextStop(stops: readonly Stop[], order: readonly string[], last: Stop | null): Stop | null {
  const rank = ({ section }: Stop): number => order.indexOf(section);
  const after = (stop: Stop): boolean =>
    last === null || rank(stop) > rank(last) || (stop.section === last.section && stop.place > last.place);
  return stops.find(after) ?? stops[0] ?? null;
}
