/** Versions of what shapes the output, as inputs. */
import type { Facts } from '../facts.js';
import type { Inputs } from './inputs.js';

export function toolInputs(names: readonly string[], facts: Facts): Inputs {
  return Object.fromEntries(
    names.map((name) => [`tool ${name}`, facts.tools[name] ?? 'not a Debian package']),
  );
}
