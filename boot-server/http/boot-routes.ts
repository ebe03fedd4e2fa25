/** What a booting node fetches: scripts, boot manifests, artifacts. */
import { parseMac } from '../../src/contract/mac.js';
import type { MachineIdentity } from '../assign/machine.js';
import { machineScript } from '../ipxe/machine-script.js';
import { objectSource, pathOf } from '../../src/contract/urls.js';
import { renderAutoexec, renderFirstScript } from '../ipxe/scripts.js';
import { plainText } from '../nodes/report.js';
import { isAddressOf } from '../nodes/trust.js';
import type { Catalogue } from '../release/catalogue.js';
import type { RouteContext, RouteRequest } from './context.js';
import { notFound, objectReply, scriptReply, textReply, TYPE, type Reply } from './reply.js';

export const AUTOEXEC = 'autoexec.ipxe';
const LONGEST_IDENTITY = 128;

export function firstScript(request: RouteRequest): Reply {
  return scriptReply(renderFirstScript(request.server));
}

/** `/v1/boot?mac=…`: the node's script, or one that says on its screen why there is none. */
export async function nodeScript(request: RouteRequest, context: RouteContext): Promise<Reply> {
  const mac = parseMac(request.query.get('mac') ?? '');
  if (mac === undefined) return textReply(400, 'mac is missing or no MAC address');
  const catalogue = await context.refresh();
  const identity = readIdentity(request.query);
  const { script, decision, problem } = machineScript(
    { mac, address: request.from, ...identity },
    {
      table: context.assigner.tableFor(catalogue.current),
      catalogue,
      manifests: context.manifests,
      server: request.server,
      extraArguments: context.extraArguments,
    },
  );
  if (request.method === 'GET') {
    const isOwn = await isAddressOf(mac, request.from, context.registry, context.findNeighbour);
    context.registry.sawScript(mac, {
      address: isOwn ? request.from : undefined,
      identity,
      ...('profile' in decision ? { profile: decision.profile, release: decision.release } : {}),
    });
  }
  if (problem === undefined) {
    if ('release' in decision) context.noteServed(decision.release);
  } else {
    const { code, message, hint } = problem;
    context.onEvent({ type: 'warning', code, message: `Cannot boot "${mac}": ${message}`, hint });
  }
  return scriptReply(script);
}

function readIdentity(query: URLSearchParams): MachineIdentity {
  const field = (key: string): string | undefined =>
    plainText(query.get(key) ?? '', LONGEST_IDENTITY) || undefined;
  const uuid = field('uuid')?.toLowerCase();
  const platform = field('platform');
  const identity: Record<string, string | undefined> = {
    // Boards without a UUID of their own share the all-zero one.
    uuid:
      uuid !== undefined && /^[0-9a-f-]{36}$/.test(uuid) && /[1-9a-f]/.test(uuid)
        ? uuid
        : undefined,
    serial: field('serial'),
    manufacturer: field('manufacturer'),
    product: field('product'),
    architecture: field('arch'),
    firmware: platform === 'efi' ? 'uefi' : platform === 'pcbios' ? 'bios' : undefined,
  };
  return Object.fromEntries(Object.entries(identity).filter(([, value]) => value !== undefined));
}

export async function bootManifest(
  sha256: string,
  request: RouteRequest,
  context: RouteContext,
): Promise<Reply> {
  const catalogue = await context.refresh();
  const manifest = context.manifests.find(sha256, catalogue, [objectSource(request.server)]);
  if (manifest === undefined) return notFound;
  context.noteServed(manifest.release);
  return { status: 200, type: TYPE.text, body: manifest.text, etag: `"${sha256}"` };
}

export async function objectFile(sha256: string, context: RouteContext): Promise<Reply> {
  const object = (await context.refresh()).objects.get(sha256);
  return object === undefined ? notFound : objectReply(object);
}

export async function releaseFile(
  id: string,
  name: string,
  request: RouteRequest,
  context: RouteContext,
): Promise<Reply> {
  const catalogue: Catalogue = await context.refresh();
  const files = catalogue.files.get(id);
  const object = files?.get(name);
  if (object !== undefined) {
    context.noteServed(id);
    return objectReply(object, name);
  }
  // iPXE 2 asks for it beside the loader, and UEFI HTTP Boot got that from here.
  if (files !== undefined && name === AUTOEXEC) {
    return scriptReply(renderAutoexec(`${request.server}${pathOf('firstScript', {})}`));
  }
  return notFound;
}
