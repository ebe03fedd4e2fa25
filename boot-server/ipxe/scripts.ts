/** The iPXE scripts: a template each, rendered from data that is checked. Pure but for reading the templates. */
import nunjucks from 'nunjucks';
import type { BootManifest } from '../../src/contract/boot-manifest.js';
import { findCommandLineProblem, kernelArguments } from '../../src/contract/kernel-arguments.js';
import { packagePath } from '../../src/core/package.js';
import type { Boot } from '../../src/contract/boot.js';
import type { Artifact } from '../../src/contract/release-manifest.js';
import { pathOf } from '../../src/contract/urls.js';
import { line, text, word } from './escape.js';

/** Between two attempts of a node that cannot boot. */
const RETRY_SECONDS = 10;
const PROBLEM_SECONDS = 10;

const templates = new nunjucks.FileSystemLoader(packagePath('boot-server', 'templates'));
const environment = new nunjucks.Environment(templates, {
  autoescape: false,
  throwOnUndefined: true,
});
environment.addFilter('word', word);
environment.addFilter('line', line);
environment.addFilter('text', text);

/** `/boot.ipxe`. @param server base URL, without a slash at its end */
export function renderFirstScript(server: string): string {
  return environment.render('boot.ipxe.njk', {
    server,
    nodeScript: `${server}${pathOf('nodeScript', {})}`,
    retrySeconds: RETRY_SECONDS,
  });
}

/** `autoexec.ipxe` beside a loader. */
export function renderAutoexec(scriptUrl: string): string {
  return environment.render('autoexec.ipxe.njk', { scriptUrl });
}

export interface NodeScriptInput {
  readonly boot: Boot;
  readonly manifest: BootManifest;
  readonly mac: string;
  /** Base URL, without a slash at its end. */
  readonly server: string;
  readonly extraArguments: readonly string[];
}

/** @returns the script, or why there can be none */
export function renderNodeScript(input: NodeScriptInput): string | { readonly problem: string } {
  const { boot, manifest, mac, server } = input;
  const initrdName = 'initrd.img';
  const words = kernelArguments({
    mac,
    manifestUrl: server + pathOf('bootManifest', { sha256: manifest.sha256 }),
    manifestSha256: manifest.sha256,
    serverUrl: server,
    initrdName,
    profileArguments: boot.profile.arguments,
    extraArguments: input.extraArguments,
  });
  const problem = findCommandLineProblem(words);
  if (problem !== undefined) return { problem };
  const urlOf = ({ fileName }: Artifact): string =>
    server + pathOf('releaseFile', { release: boot.release.id, file: fileName });
  return environment.render('node.ipxe.njk', {
    mac,
    profile: boot.profile.name,
    release: boot.release.id,
    kernelUrl: urlOf(boot.kernel),
    initrdUrl: urlOf(boot.initrd),
    initrdName,
    commandLine: words.join(' '),
  });
}

/** Says on the node's screen what is wrong, waits, and ends; the first script then asks again. */
export function renderProblem(input: {
  readonly mac: string;
  readonly server: string;
  readonly message: string;
  readonly hint: string;
}): string {
  return environment.render('problem.ipxe.njk', { ...input, waitSeconds: PROBLEM_SECONDS });
}
