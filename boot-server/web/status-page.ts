/** The page for people: the release, and where each node is. */
import nunjucks from 'nunjucks';
import type { RouteContext, RouteRequest } from '../http/context.js';
import { TYPE, type Reply } from '../http/reply.js';
import { templateDirectory } from '../package-files.js';

const environment = new nunjucks.Environment(new nunjucks.FileSystemLoader(templateDirectory), {
  autoescape: true,
  throwOnUndefined: false,
});

export async function statusPage(request: RouteRequest, context: RouteContext): Promise<Reply> {
  const { current } = await context.refresh();
  const nodes = context.registry.list().reverse();
  const body = environment.render('status.html.njk', {
    server: request.server,
    release: current,
    nodes: nodes.map((node) => ({ ...node, last: node.timeline.at(-1) })),
  });
  return { status: 200, type: TYPE.html, body };
}
