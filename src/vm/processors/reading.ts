/**
 * What QEMU's monitor prints about the processors of a machine, read. Both texts are for people, so that what is not
 * understood is left out instead of guessed. Source: `hmp-commands-info.hx`, `target/i386/cpu-dump.c`.
 */

/** One processor at one moment. */
export interface ProcessorReading {
  /** From 0. */
  readonly index: number;
  /** It executed `hlt` and waits for an interrupt. */
  readonly halted: boolean;
  /** An interrupt would be taken now: flag IF is set, and no instruction holds interrupts off for a moment. */
  readonly interruptible: boolean;
  /** Of the next instruction, hexadecimal. */
  readonly address: string;
  /** All registers, as QEMU prints them: who executes anything changes one of them. */
  readonly registers: string;
  readonly apic?: LocalApic;
  /** The thread of the host's that emulates it waits: it does not even ask for the host's time. */
  readonly sleeping?: boolean;
}

/** A processor's local APIC, which hands it interrupts. */
export interface LocalApic {
  readonly enabled: boolean;
  /** Vectors that arrived and that the processor has not taken (IRR), 0 to 255. */
  readonly pending: readonly number[];
  /** Processor priority: a vector is handed over where its class, the upper four bits, is higher. */
  readonly priority: number;
  /** As QEMU prints it: `one-shot, initial_count = 625000 current_count = 0`. */
  readonly timer: string;
}

/** Reads `info registers -a`. */
export function readRegisters(text: string): ProcessorReading[] {
  const parts = text.split(/^CPU#(\d+)\s*$/m).slice(1);
  return parts.flatMap((word, place) => {
    if (place % 2 === 1) return [];
    const dump = parts[place + 1] ?? '';
    const flags = /[ER]FL=([0-9a-f]+)/.exec(dump)?.[1];
    const address = /[ER]IP=([0-9a-f]+)/.exec(dump)?.[1];
    const halted = /\bHLT=([01])/.exec(dump)?.[1];
    if (flags === undefined || address === undefined || halted === undefined) return [];
    const interruptible = (parseInt(flags, 16) & 0x200) !== 0 && /\bII=0\b/.test(dump);
    return [
      { index: Number(word), halted: halted === '1', interruptible, address, registers: dump },
    ];
  });
}

/** Reads `info lapic`; undefined where a line of it is missing. */
export function readLocalApic(text: string): LocalApic | undefined {
  const enabled = /^SPIV\b.*\bAPIC (enabled|disabled)/m.exec(text)?.[1];
  const pending = /^IRR\s+(.*)$/m.exec(text)?.[1];
  const priority = /\bPPR 0x([0-9a-f]+)/.exec(text)?.[1];
  const mode = /^LVTT\b.*?((?:masked +)?)(one-shot|periodic|tsc-deadline)/m.exec(text);
  const counts = /^Timer\b.*(initial_count = .*?)\s*$/m.exec(text)?.[1];
  if (enabled === undefined || pending === undefined || priority === undefined) return undefined;
  if (mode === null || counts === undefined) return undefined;
  return {
    enabled: enabled === 'enabled',
    // `65 236(level)`, or `(none)`
    pending: [...pending.matchAll(/(\d+)(?:\(level\))?(?:\s|$)/g)].map(([, one]) => Number(one)),
    priority: parseInt(priority, 16),
    timer: `${mode[1] === '' ? '' : 'masked '}${mode[2] ?? ''}, ${counts}`,
  };
}

/** Reads whether a thread of the host's waits, from `/proc/<tid>/status` (proc(5)). */
export function readSleeping(status: string): boolean {
  return /^State:\s+S\b/m.test(status);
}

/** The vector that the local APIC would hand over now, as QEMU decides it (`apic_irq_pending()`). */
export function deliverable(apic: LocalApic): number | undefined {
  const highest = Math.max(-1, ...apic.pending);
  const passes = apic.priority === 0 || highest >> 4 > apic.priority >> 4;
  return apic.enabled && highest >= 0 && passes ? highest : undefined;
}
