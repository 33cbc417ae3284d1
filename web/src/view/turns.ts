/** Finding what was said by the number of the turn. */

import type { Turn } from "../api/types.ts";

export type TurnLookup = (index: number) => Turn | undefined;

export function turnLookup(turns: readonly Turn[]): TurnLookup {
  const byIndex = new Map(turns.map((turn) => [turn.index, turn]));
  return (index) => byIndex.get(index);
}
