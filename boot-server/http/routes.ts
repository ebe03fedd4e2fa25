/** Which URL answers what (boot contract, "URLs"). */
import { parseTarget } from './target.js';
import { bootManifest, firstScript, nodeScript, objectFile, releaseFile } from './boot-routes.js';
import type { RouteContext, RouteRequest } from './context.js';
import { listNodes, postEvent, showNode, statusPage } from './node-routes.js';
import { notFound, textReply, type Reply } from './reply.js';

type Handler = (request: RouteRequest, context: RouteContext) => Reply | Promise<Reply>;

interface Route {
  readonly method: 'GET' | 'POST';
  readonly handle: Handler;
}

const SHA256 = /^[0-9a-f]{64}$/;

/** @param rawTarget as it stands in the request line */
export async function answerRequest(
  rawTarget: string,
  request: Omit<RouteRequest, 'query'>,
  context: RouteContext,
): Promise<Reply> {
  const target = parseTarget(rawTarget);
  if (target === undefined) return textReply(400, 'not a URL of this server');
  const route = findRoute(target.segments);
  if (route === undefined) return notFound;
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  if (method !== route.method) {
    return textReply(405, 'method not allowed', {
      Allow: route.method === 'GET' ? 'GET, HEAD' : 'POST',
    });
  }
  return route.handle({ ...request, query: target.query }, context);
}

function findRoute(segments: readonly string[]): Route | undefined {
  const [first, second, third, fourth] = segments;
  switch (segments.length) {
    case 1:
      return findTopRoute(first);
    case 2:
      if (first === 'v1' && second === 'boot') return get(nodeScript);
      if (first === 'v1' && second === 'nodes') return get((_, context) => listNodes(context));
      if (first === 'objects' && second !== undefined && SHA256.test(second)) {
        return get((_, context) => objectFile(second, context));
      }
      return undefined;
    case 3:
      if (second === undefined || third === undefined) return undefined;
      if (first === 'v1' && second === 'manifests' && SHA256.test(third)) {
        return get((request, context) => bootManifest(third, request, context));
      }
      if (first === 'v1' && second === 'nodes')
        return get((_, context) => showNode(third, context));
      if (first === 'releases') {
        return get((request, context) => releaseFile(second, third, request, context));
      }
      return undefined;
    case 4:
      if (first === 'v1' && second === 'nodes' && third !== undefined && fourth === 'events') {
        return { method: 'POST', handle: (request, context) => postEvent(third, request, context) };
      }
      return undefined;
    default:
      return undefined;
  }
}

function findTopRoute(name: string | undefined): Route | undefined {
  switch (name) {
    case '':
      return get(statusPage);
    case 'boot.ipxe':
      return get(firstScript);
    case 'healthz':
      return get(() => textReply(200, 'ok'));
    default:
      return undefined;
  }
}

function get(handle: Handler): Route {
  return { method: 'GET', handle };
}
