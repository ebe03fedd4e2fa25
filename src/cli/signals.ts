/** A signal is one unwind: the first one aborts, later ones are told that clean-up is running. */
import { EXIT, OnibError } from '../core/errors.js';

/** What each is to a user. */
const SIGNALS = {
  SIGINT: 'Ctrl-C',
  SIGTERM: 'SIGTERM',
  SIGHUP: 'a closed terminal',
} as const;

const NAMES = Object.keys(SIGNALS) as (keyof typeof SIGNALS)[];

export interface SignalWatch extends Disposable {
  /** Aborts at the first signal, with an OnibError `INTERRUPTED` as its reason. */
  readonly signal: AbortSignal;
}

/** @param tell Called at each signal with what to show. */
export function watchSignals(tell: (text: string) => void): SignalWatch {
  const controller = new AbortController();
  const handle = (name: keyof typeof SIGNALS): void => {
    if (controller.signal.aborted) {
      tell('clean-up is running, please wait');
      return;
    }
    tell(`interrupted by ${SIGNALS[name]}: cleaning up`);
    controller.abort(
      new OnibError(
        'INTERRUPTED',
        `Cannot go on: interrupted by ${name}, everything is cleaned up`,
        {
          exitCode: EXIT.interrupted,
        },
      ),
    );
  };
  for (const name of NAMES) process.on(name, handle);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      for (const name of NAMES) process.off(name, handle);
    },
  };
}
