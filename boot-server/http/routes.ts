/** Which URL answers what (boot contract, "URLs"). */
import { matchPath, methodOf, type MatchedPath } from '../../src/contract/urls.js';
import { parseTarget } from './target.js';
import { bootManifest, firstScript, nodeScript, objectFile, releaseFile } from './boot-routes.js';
import type { RouteContext, RouteRequest } from './context.js';
import { listNodes, postEvent, showNode, statusPage } from './node-routes.js';
import { textReply, notFound, type Reply } from './reply.js';

/** @param rawTarget as it stands in the request line */
export async function answerRequest(
  rawTarget: string,
  request: Omit<RouteRequest, 'query'>,
  context: RouteContext,
): Promise<Reply> {
  const target = parseTarget(rawTarget);
  if (target === undefined) return textReply(400, 'not a URL of this server');
  const path = matchPath(target.segments);
  if (path === undefined) return notFound;
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  const wanted = methodOf(path.name);
  if (method !== wanted) {
    return textReply(405, 'method not allowed', {
      Allow: wanted === 'GET' ? 'GET, HEAD' : wanted,
    });
  }
  return await answerPath(path, { ...request, query: target.query }, context);
}

function answerPath(
  { name, values }: MatchedPath,
  request: RouteRequest,
  context: RouteContext,
): Reply | Promise<Reply> {
  switch (name) {
    case 'page':
      return statusPage(request, context);
    case 'health':
      return textReply(200, 'ok');
    case 'firstScript':
      return firstScript(request);
    case 'nodeScript':
      return nodeScript(request, context);
    case 'bootManifest':
      return bootManifest(values.sha256, request, context);
    case 'object':
      return objectFile(values.sha256, context);
    case 'releaseFile':
      return releaseFile(values.release, values.file, request, context);
    case 'nodes':
      return listNodes(context);
    case 'node':
      return showNode(values.mac, context);
    case 'nodeEvents':
      return postEvent(values.mac, request, context);
  }
}
