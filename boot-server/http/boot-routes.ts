/** What a booting node fetches: scripts, boot manifests, artifacts. */
import { renderBootManifest } from '../../src/contract/boot-manifest.js';
import {
  objectSource,
  renderAutoexec,
  renderFirstScript,
  renderNodeScript,
  renderProblem,
} from '../ipxe/scripts.js';
import { parseMac } from '../../src/contract/mac.js';
import type { NodeIdentity } from '../nodes/record.js';
import { plainText } from '../nodes/report.js';
import { isAddressOf } from '../nodes/trust.js';
import { bootsOf, isBoot } from '../../src/contract/boot.js';
import { chooseBoot } from '../assign/choose-boot.js';
import type { Catalogue } from '../release/catalogue.js';
import type { RouteContext, RouteRequest } from './context.js';
import { notFound, objectReply, scriptReply, textReply, TYPE, type Reply } from './reply.js';

export const SCRIPT_PATH = '/boot.ipxe';
export const AUTOEXEC = 'autoexec.ipxe';
const LONGEST_IDENTITY = 128;

export function firstScript(request: RouteRequest): Reply {
  return scriptReply(renderFirstScript(request.server));
}

/** `/v1/boot?mac=…`: the node's script, or one that says on its screen why there is none. */
export async function nodeScript(request: RouteRequest, context: RouteContext): Promise<Reply> {
  const mac = parseMac(request.query.get('mac') ?? '');
  if (mac === undefined) return textReply(400, 'mac is missing or no MAC address');
  const { current } = await context.refresh();
  const choice = chooseBoot(current, mac, context.profile);
  if (request.method === 'GET') {
    const isOwn = await isAddressOf(mac, request.from, context.registry, context.findNeighbour);
    context.registry.sawScript(mac, {
      address: isOwn ? request.from : undefined,
      identity: readIdentity(request.query),
      ...(isBoot(choice) ? { profile: choice.profile.name, release: choice.release.id } : {}),
    });
  }
  if (!isBoot(choice)) return problemScript(request, context, mac, choice);
  context.noteServed(choice.release.id);

  const { server } = request;
  const script = renderNodeScript({
    boot: choice,
    mac,
    server,
    extraArguments: context.extraArguments,
  });
  if (typeof script === 'string') return scriptReply(script);
  return problemScript(request, context, mac, {
    code: 'KERNEL_ARGUMENTS',
    message: `boot profile "${choice.profile.name}": ${script.problem}`,
    hint: 'change the arguments in boot-profiles.yml, then onib build all',
  });
}

function problemScript(
  { server }: RouteRequest,
  { onEvent }: RouteContext,
  mac: string,
  problem: { readonly code: string; readonly message: string; readonly hint: string },
): Reply {
  const { code, message, hint } = problem;
  onEvent({ type: 'warning', code, message: `Cannot boot "${mac}": ${message}`, hint });
  return scriptReply(renderProblem({ mac, server, message, hint }));
}

function readIdentity(query: URLSearchParams): NodeIdentity {
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

/**
 * Boot manifests are not stored: each follows from a release, a profile and the address by which the client
 * reaches us, and is rendered again for whoever asks, also after a restart of the server.
 */
export async function bootManifest(
  sha256: string,
  request: RouteRequest,
  context: RouteContext,
): Promise<Reply> {
  const { releases } = await context.refresh();
  const sources = [objectSource(request.server)];
  for (const release of releases.values()) {
    for (const boot of bootsOf(release)) {
      const manifest = renderBootManifest(boot, sources);
      if (manifest.sha256 !== sha256) continue;
      context.noteServed(release.id);
      return { status: 200, type: TYPE.text, body: manifest.text, etag: `"${sha256}"` };
    }
  }
  return notFound;
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
    return scriptReply(renderAutoexec(`${request.server}${SCRIPT_PATH}`));
  }
  return notFound;
}
