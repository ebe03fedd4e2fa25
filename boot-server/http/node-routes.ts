/** What is known of nodes, and what they report. */
import { parseMac } from '../../src/contract/mac.js';
import { parseNodeReport } from '../nodes/report.js';
import { isAddressOf } from '../nodes/trust.js';
import type { RouteContext, RouteRequest } from './context.js';
import { renderStatusPage } from '../web/status-page.js';
import { jsonReply, notFound, textReply, TYPE, type Reply } from './reply.js';

/** The page for people. */
export async function statusPage(request: RouteRequest, context: RouteContext): Promise<Reply> {
  const { current: release } = await context.refresh();
  const nodes = context.registry.list();
  const body = renderStatusPage({ server: request.server, release, nodes });
  return { status: 200, type: TYPE.html, body };
}

export function listNodes({ registry }: RouteContext): Reply {
  return jsonReply({ schema: 'onib.nodes/1', nodes: registry.list() });
}

export function showNode(name: string, { registry }: RouteContext): Reply {
  const mac = parseMac(name);
  if (mac === undefined) return textReply(400, 'not a MAC address');
  const node = registry.find(mac);
  return node === undefined ? notFound : jsonReply({ schema: 'onib.node/1', ...node });
}

/** A stage that a node reached. Answers 204, 400, 403, 413 or 415. */
export async function postEvent(
  name: string,
  request: RouteRequest,
  context: RouteContext,
): Promise<Reply> {
  const mac = parseMac(name);
  if (mac === undefined) return textReply(400, 'not a MAC address');
  if (!/^application\/x-www-form-urlencoded(;|$)/i.test(request.contentType)) {
    return textReply(415, 'an event is application/x-www-form-urlencoded');
  }
  const body = await request.readBody();
  if (body === undefined) return textReply(413, 'an event is short', { Connection: 'close' });
  const report = parseNodeReport(body);
  if ('problem' in report) return textReply(400, report.problem);

  if (!(await isAddressOf(mac, request.from, context.registry, context.findNeighbour))) {
    context.onEvent({
      type: 'warning',
      code: 'EVENT_REFUSED',
      message: `Cannot accept stage "${report.stage}" of ${mac} from ${request.from}: another machine's address`,
    });
    return textReply(403, 'not the address of this node');
  }
  context.registry.sawReport(mac, request.from, report);
  return { ...textReply(204, ''), body: '' };
}
