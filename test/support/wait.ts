/** Waits for a condition, for a bounded time: tests never sleep for a while and hope. */
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 50;

/**
 * Looks again and again until there is something.
 *
 * @param what What is waited for, for the message when it does not come.
 */
export async function until<Found>(
  what: string,
  look: () => Promise<Found | undefined> | Found | undefined,
  seconds = 60,
): Promise<Found> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`${what}: not there after ${seconds} s`);
    await delay(POLL_MS);
  }
}
