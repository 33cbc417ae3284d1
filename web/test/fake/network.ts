/** A network that delays, reorders and drops, the same way every time for one seed. */

export interface Faults {
  /** How likely a message is lost; who sent it hears of it after a while. */
  readonly drop: number;
  /** The longest delay, in steps; messages of different senders overtake each other. */
  readonly delay: number;
}

interface Scheduled {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

export class FakeNetwork {
  readonly #random: () => number;
  readonly #faults: Faults;
  #now = 0;
  #order = 0;
  #scheduled: Scheduled[] = [];

  constructor(random: () => number, faults: Faults) {
    this.#random = random;
    this.#faults = faults;
  }

  get idle(): boolean {
    return this.#scheduled.length === 0;
  }

  #after(steps: number, run: () => void): void {
    this.#order += 1;
    this.#scheduled.push({ at: this.#now + steps, order: this.#order, run });
  }

  #delay(): number {
    return 1 + Math.floor(this.#random() * this.#faults.delay);
  }

  /** A call: the request may be lost before the server sees it, or the answer after it did. */
  call<T>(serve: () => T, answered: (answer: T) => void, lost: () => void): void {
    if (this.#random() < this.#faults.drop) {
      this.#after(this.#delay(), lost);
      return;
    }
    this.#after(this.#delay(), () => {
      const answer = serve();
      const gone = this.#random() < this.#faults.drop;
      this.#after(this.#delay(), () => (gone ? lost() : answered(answer)));
    });
  }

  /** One message from the server; it may be lost, and nobody hears of that. */
  push(run: () => void): void {
    if (this.#random() >= this.#faults.drop) this.#after(this.#delay(), run);
  }

  step(): void {
    this.#now += 1;
    const due = this.#scheduled
      .filter(({ at }) => at <= this.#now)
      .sort((a, b) => a.at - b.at || a.order - b.order);
    this.#scheduled = this.#scheduled.filter(({ at }) => at > this.#now);
    for (const { run } of due) run();
  }
}
