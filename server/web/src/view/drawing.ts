// What all drawn music has in common: its size on screens, and that of many changes at once only the last one is drawn.

/** verovio's scale, in percent, for a width in pixels and the reader's own zoom. */
export function scaleFor(width: number, zoom: number): number {
  return Math.round((width < 560 ? 32 : 40) * zoom);
}

export interface Queue {
  busy: boolean;
  next: null | (() => Promise<void>);
}

/** Does the work after what is being done; what was put there before and hasn't begun is dropped. */
export async function latest(queue: Queue, work: () => Promise<void>, failed: (error: unknown) => void): Promise<void> {
  queue.next = work;
  if (queue.busy) return;
  queue.busy = true;
  while (queue.next) {
    const now: () => Promise<void> = queue.next;
    queue.next = null;
    await now().catch(failed);
  }
  queue.busy = false;
}
