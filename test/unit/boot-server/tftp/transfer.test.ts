import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { negotiate } from '../../../../boot-server/tftp/negotiate.js';
import { Transfer, type Step } from '../../../../boot-server/tftp/transfer.js';

function transfer(size: number, options: Readonly<Record<string, string>> = {}): Transfer {
  return new Transfer(size, negotiate(new Map(Object.entries(options)), size));
}

const send = (first: number, last = first): Step => ({ kind: 'send', first, last });

describe('Transfer', () => {
  test('Transfer sends block after block and is done with the short one', () => {
    const file = transfer(1000);
    expect(file.start()).toEqual(send(1));
    expect(file.acknowledge(1)).toEqual(send(2));
    expect(file.acknowledge(2)).toEqual({ kind: 'done' });
  });

  test('Transfer ends a file that is an exact multiple of the block size with an empty block', () => {
    const file = transfer(1024);
    file.start();
    file.acknowledge(1);
    expect(file.acknowledge(2)).toEqual(send(3));
    expect(file.acknowledge(3)).toEqual({ kind: 'done' });
  });

  test('Transfer sends an empty file as one empty block', () => {
    const file = transfer(0);
    expect(file.start()).toEqual(send(1));
    expect(file.acknowledge(1)).toEqual({ kind: 'done' });
  });

  test('Transfer waits for block 0 after its OACK', () => {
    const file = transfer(1000, { tsize: '0' });
    expect(file.start()).toEqual({ kind: 'send-options' });
    expect(file.acknowledge(1)).toEqual({ kind: 'wait' });
    expect(file.silence()).toEqual({ kind: 'send-options' });
    expect(file.acknowledge(0)).toEqual(send(1));
  });

  test('Transfer leaves duplicate and stray acknowledgements without an answer', () => {
    const file = transfer(5000);
    file.start();
    file.acknowledge(1);
    expect(file.acknowledge(1)).toEqual({ kind: 'wait' });
    expect(file.acknowledge(0)).toEqual({ kind: 'wait' });
    expect(file.acknowledge(3)).toEqual({ kind: 'wait' });
    expect(file.acknowledge(60_000)).toEqual({ kind: 'wait' });
    expect(file.acknowledge(2)).toEqual(send(3));
  });

  test('Transfer repeats what was not acknowledged, and gives up after six sends', () => {
    const file = transfer(5000);
    file.start();
    file.acknowledge(1);
    for (let attempt = 0; attempt < 5; attempt += 1) expect(file.silence()).toEqual(send(2));
    expect(file.silence()).toEqual({ kind: 'give-up' });
  });

  test('Transfer sends at most six packets to a source that never answers', () => {
    const file = transfer(100_000, { windowsize: '64', blksize: '1468' });
    const steps = [file.start()];
    while (steps.at(-1)?.kind !== 'give-up') steps.push(file.silence());
    expect(steps.filter((step) => step.kind === 'send-options')).toHaveLength(6);
    expect(steps.some((step) => step.kind === 'send')).toBe(false);
  });

  test('Transfer sends windows, and goes back to the gap once', () => {
    const file = transfer(10_000, { windowsize: '4' });
    file.start();
    expect(file.acknowledge(0)).toEqual(send(1, 4));
    expect(file.acknowledge(2)).toEqual(send(3, 6));
    expect(file.acknowledge(2)).toEqual(send(3, 6));
    expect(file.acknowledge(2)).toEqual({ kind: 'wait' });
    expect(file.acknowledge(6)).toEqual(send(7, 10));
    expect(file.acknowledge(10)).toEqual(send(11, 14));
  });

  test('Transfer goes past block 65535', () => {
    const blocks = 70_000;
    const file = transfer(blocks * 8, { blksize: '8' });
    file.start();
    let step = file.acknowledge(0);
    for (let block = 1; block <= blocks; block += 1) {
      if (step.kind !== 'send' || step.first !== block)
        throw new Error(`at block ${String(block)}`);
      step = file.acknowledge(block & 0xffff);
    }
    expect(step).toEqual(send(blocks + 1));
    expect(file.acknowledge((blocks + 1) & 0xffff)).toEqual({ kind: 'done' });
    expect(file.bytesAcknowledged(blocks * 8)).toBe(blocks * 8);
  });

  test('Transfer gets every file whole through a lossy, repeating network', () => {
    const sizes = fc.integer({ min: 0, max: 20_000 });
    const windows = fc.integer({ min: 1, max: 16 });
    const chances = fc.infiniteStream(fc.integer({ min: 0, max: 9 }));
    fc.assert(
      fc.property(sizes, windows, chances, (size, windowSize, chance) => {
        const lost = (): boolean => Number(chance.next().value) === 0;
        const file = transfer(size, { windowsize: String(windowSize), blksize: '512' });
        const lastBlock = Math.floor(size / 512) + 1;
        let received = 0;
        let step = file.start();
        for (let round = 0; round < 10_000 && step.kind !== 'done'; round += 1) {
          if (step.kind === 'give-up') return; // a client asks again then
          if (step.kind === 'send') {
            for (let block = step.first; block <= step.last; block += 1) {
              if (!lost() && block === received + 1) received = block;
            }
          }
          step =
            step.kind === 'wait' || lost() ? file.silence() : file.acknowledge(received & 0xffff);
        }
        expect(step.kind === 'done' ? received : lastBlock).toBe(lastBlock);
      }),
      { numRuns: 50 },
    );
  });
});
