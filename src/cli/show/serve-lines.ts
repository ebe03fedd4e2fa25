/** What the boot server tells, one line per event. */
import type { BootServerEvent } from '../../../boot-server/index.js';
import { formatBytes, formatSeconds } from './format.js';

/** Small answers that every boot makes by the dozen are told only when asked for detail. */
const SMALL_BYTES = 64 * 1024;

/** The line for an event; undefined where only `--verbose` shows one. */
export function serveLine(event: BootServerEvent, verbose: boolean): string | undefined {
  switch (event.type) {
    case 'listening':
      return (
        `serving ${event.release ?? 'no release yet'} on ${event.interface}: ${event.url}, ` +
        `DHCP ${event.dhcp}, TFTP ${event.tftp ? 'on' : 'off'}`
      );
    case 'release-changed':
      return `now serving release ${event.release ?? 'none'}`;
    case 'assignment-changed':
      return `now following ${event.file}: ${event.nodes} ${event.nodes === 1 ? 'node' : 'nodes'} named in it`;
    case 'dhcp-offer':
    case 'dhcp-ack':
    case 'dhcp-nak':
      return dhcpLine(event);
    case 'dhcp-ignored':
      return verbose ? `${event.mac ?? 'somebody'}: ignored: ${event.message}` : undefined;
    case 'tftp-sent':
      return `${event.address}: TFTP ${event.name}, ${transfer(event)}`;
    case 'tftp-failed':
      // UEFI asks for the size alone, refuses the transfer, and asks again: normal.
      return verbose ? `${event.address}: TFTP ${event.name}: ${event.reason}` : undefined;
    case 'http-sent':
      return httpLine(event, verbose);
    case 'node-stage':
      return stageLine(event);
    case 'warning':
      return `warning[${event.code}]: ${event.place === undefined ? '' : `${event.place}: `}${event.message}${event.hint === undefined ? '' : `; ${event.hint}`}`;
    case 'failed':
      return `failed[${event.code}]: ${event.message}`;
  }
}

function transfer({
  bytes,
  seconds,
}: {
  readonly bytes: number;
  readonly seconds: number;
}): string {
  return `${formatBytes(bytes)} in ${formatSeconds(seconds)}`;
}

function dhcpLine(
  event: Extract<BootServerEvent, { type: 'dhcp-offer' | 'dhcp-ack' | 'dhcp-nak' }>,
): string {
  const profile = event.profile === undefined ? undefined : `profile ${event.profile}`;
  const parts = [event.architecture, event.address, event.bootFile, profile].filter(
    (part) => part !== undefined,
  );
  return `${event.mac}: DHCP ${event.type.slice('dhcp-'.length)} to ${event.client} ${parts.join(', ')}`.trimEnd();
}

function httpLine(
  event: Extract<BootServerEvent, { type: 'http-sent' }>,
  verbose: boolean,
): string | undefined {
  const fine = event.status < 400 && event.complete;
  if (fine && event.bytes < SMALL_BYTES && !verbose) return undefined;
  const broken = event.complete ? '' : ', broken off';
  return `${event.mac ?? event.address}: ${event.method} ${event.path} ${event.status}, ${transfer(event)}${broken}`;
}

function stageLine({ node, entry }: Extract<BootServerEvent, { type: 'node-stage' }>): string {
  const code = entry.code === undefined ? '' : `:${entry.code}`;
  const detail = entry.detail === undefined ? '' : ` (${entry.detail})`;
  const figures = `${formatSeconds(entry.seconds)}, ${formatBytes(entry.servedBytes)}`;
  return `${node.mac}: ${entry.stage}${code} after ${figures}${detail}`;
}
