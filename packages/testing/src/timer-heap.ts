/** A timer that was set. */
export interface Timer {
  readonly atMs: number;
  /** Orders timers of one time by when they were set. */
  readonly order: number;
  readonly callback: () => void;
  /** Whether it neither ran nor was cancelled. */
  pending: boolean;
}

/** A binary heap; a cancelled timer stays in it until it comes up or half of them are cancelled. */
export class TimerHeap {
  #heap: Timer[] = [];
  #nextOrder = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(atMs: number, callback: () => void): Timer {
    const timer: Timer = { atMs, order: this.#nextOrder, callback, pending: true };
    this.#nextOrder += 1;
    this.#size += 1;
    this.#heap.push(timer);
    this.#siftUp(this.#heap.length - 1);
    return timer;
  }

  remove(timer: Timer): void {
    if (!timer.pending) return;
    timer.pending = false;
    this.#size -= 1;
    if (this.#heap.length > 64 && this.#size * 2 < this.#heap.length) this.#sweep();
  }

  /** Takes the first timer out that is due at `untilMs` or before. */
  takeUntil(untilMs: number): Timer | undefined {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined || (first.pending && first.atMs > untilMs)) return undefined;
      this.#removeFirst();
      if (!first.pending) continue;
      first.pending = false;
      this.#size -= 1;
      return first;
    }
  }

  #sweep(): void {
    this.#heap = this.#heap.filter((timer) => timer.pending).sort((a, b) => compare(a, b));
  }

  #removeFirst(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#siftDown();
  }

  #siftUp(start: number): void {
    let index = start;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#swapIfBefore(index, parent)) return;
      index = parent;
    }
  }

  #siftDown(): void {
    let index = 0;
    for (;;) {
      const left = index * 2 + 1;
      const child = this.#isBefore(left + 1, left) ? left + 1 : left;
      if (!this.#swapIfBefore(child, index)) return;
      index = child;
    }
  }

  #isBefore(index: number, other: number): boolean {
    const a = this.#heap[index];
    const b = this.#heap[other];
    return a !== undefined && b !== undefined && compare(a, b) < 0;
  }

  #swapIfBefore(index: number, other: number): boolean {
    const a = this.#heap[index];
    const b = this.#heap[other];
    if (a === undefined || b === undefined || compare(a, b) >= 0) return false;
    this.#heap[index] = b;
    this.#heap[other] = a;
    return true;
  }
}

function compare(a: Timer, b: Timer): number {
  return a.atMs - b.atMs || a.order - b.order;
}
