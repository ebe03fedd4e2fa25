/** The documents say what the program does: commands, options, links, error codes. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { createProgram } from '../../../src/cli/program.js';
import { packagePath } from '../../../src/core/package.js';
import { captureContext } from './support/capture.js';

function filesBelow(directory: string, ending: string): string[] {
  return readdirSync(packagePath(directory), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => path.join(directory, name));
}

const documents = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...filesBelow('docs', '.md')];

function read(file: string): string {
  return readFileSync(packagePath(file), 'utf8');
}

/** Lines of code blocks without a language, as they would be typed. */
function commandLines(text: string): string[] {
  const lines: string[] = [];
  let fence: string | undefined;
  for (const line of text.split('\n')) {
    if (line.startsWith('```')) fence = fence === undefined ? line : undefined;
    else if (fence === '```') lines.push(line);
  }
  return lines.map((line) =>
    line
      .replace(/^\$ /, '')
      .replace(/^sudo /, '')
      .replace(/\s+#.*$/, '')
      .trim(),
  );
}

function runnable(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(runnable);
}

async function parses(line: string): Promise<void> {
  const argv = line.split(/\s+/).slice(1);
  const program = await createProgram(captureContext().context, argv);
  for (const command of runnable(program)) command.action(() => undefined);
  await program.parseAsync(argv, { from: 'user' });
}

const scripts = (JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts;

describe.each(documents)('%s', (file) => {
  const text = read(file);

  it('shows command lines that the program takes', async () => {
    for (const line of commandLines(text).filter((one) => one.startsWith('onib '))) {
      await expect(parses(line), line).resolves.toBeUndefined();
    }
  });

  it('names npm scripts that exist', () => {
    for (const [, script = ''] of text.matchAll(/`?npm run ([a-z0-9:]+)/g)) {
      expect(Object.keys(scripts)).toContain(script);
    }
  });

  it('links to files that exist', () => {
    for (const [, target = ''] of text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const linked = path.join(path.dirname(packagePath(file)), target);
      expect(existsSync(linked), `${file} → ${target}`).toBe(true);
    }
  });
});

describe('docs/reference/cli.md', () => {
  const text = read('docs/reference/cli.md');

  it('has every command', async () => {
    const program = await createProgram(captureContext().context);
    for (const command of runnable(program)) {
      const names = command.parent === program ? [command.name()] : ['new', command.name()];
      expect(text).toContain(`onib ${names.join(' ')}`);
    }
  });

  it('has every option, and no other', async () => {
    const program = await createProgram(captureContext().context);
    const options = runnable(program).flatMap((command) =>
      command.options.map(({ long, short }) => long ?? short ?? ''),
    );
    for (const option of options) expect(text, option).toContain(`\`${option}`);
    const known = new Set([...options, '--help', '--version']);
    for (const [option] of text.matchAll(/--[a-z][a-z-]+/g)) expect(known).toContain(option);
  });

  it('has in the section of a command a row for each of its options, and no other row', async () => {
    const program = await createProgram(captureContext().context);
    const common = ['-C <dir>', '--json', '-q, --quiet', '-v, --verbose', '--store <dir>'];
    const commands = runnable(program).map((command) => ({
      name: command.name(),
      flags: command.options.map(({ flags }) => flags).filter((one) => !common.includes(one)),
    }));
    const sections = text.split(/^### /m).slice(1);
    for (const section of sections) {
      const heading = section.slice(0, section.indexOf('\n'));
      const names = [...heading.matchAll(/onib ([a-z]+)/g)].map(([, name = '']) => name);
      const flags = commands.flatMap((one) => (names.includes(one.name) ? one.flags : []));
      const rows = [...section.matchAll(/^\| `(-[^`]*)` \|/gm)].map(([, row = '']) => row);
      expect(rows.sort(), heading).toEqual([...new Set(flags)].sort());
    }
    const headings = sections.map((section) => section.slice(0, section.indexOf('\n'))).join();
    for (const { name, flags } of commands) {
      if (flags.length > 0) expect(headings).toMatch(new RegExp(`onib ${name}\\b`));
    }
  });

  it('names the commands that take --store', async () => {
    const program = await createProgram(captureContext().context);
    const taking = runnable(program)
      .filter(({ options }) => options.some(({ long }) => long === '--store'))
      .map((command) => command.name());
    const [, list = ''] = /^(`status`.*?) need\s/ms.exec(text) ?? [];
    const named = [...list.matchAll(/`([a-z]+)`/g)].map(([, name = '']) => name);
    expect(named.sort()).toEqual(taking.sort());
  });
});

describe('docs/errors.md', () => {
  const sources = [...filesBelow('src', '.ts'), ...filesBelow('boot-server', '.ts')].map(read);
  const documented = [...read('docs/errors.md').matchAll(/^\| (`[^|]*)\|/gm)].flatMap(
    ([, cell = '']) => [...cell.matchAll(/`([A-Z0-9_]+)`/g)].map(([, code = '']) => code),
  );

  it('has a line for every code that is thrown or told', () => {
    const thrown = sources.flatMap((source) =>
      [...source.matchAll(/(?:code: |new OnibError\(\s*|[pP]roblem\(\s*)'([A-Z][A-Z0-9_]+)'/g)].map(
        ([, code = '']) => code,
      ),
    );
    expect(thrown.length).toBeGreaterThan(20);
    expect(documented).toEqual(expect.arrayContaining([...new Set(thrown)]));
  });

  it('has a line for each word of the form of a code, wherever it stands', () => {
    // Variables of an environment, settings of Ansible and of apt, and codes of the YAML parser.
    const others =
      /^(?:ANSIBLE_(?:CONFIG|VAULT_.*)|API_CB|REPO_URI|DEFAULT_VARS_PLUGIN_PATH|VARIABLE_PLUGINS_ENABLED|.*_IMPLICIT_KEY|DUPLICATE_KEY|TAB_AS_INDENT)$/;
    const words = sources.flatMap((source) =>
      [...source.matchAll(/'([A-Z][A-Z0-9]*_[A-Z0-9_]+)'/g)].map(([, word = '']) => word),
    );
    const codes = [...new Set(words)].filter((word) => !others.test(word));
    expect(documented).toEqual(expect.arrayContaining(codes));
  });

  it('has no line for a code that nobody throws, and each code once', () => {
    const all = sources.join('\n');
    for (const code of documented) expect(all).toContain(`'${code}'`);
    expect(new Set(documented).size).toBe(documented.length);
  });
});
