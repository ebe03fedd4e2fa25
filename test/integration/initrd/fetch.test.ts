import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { BootScript } from '../../unit/initrd/boot-script.js';
import { BadServer, type Mood } from './bad-server.js';

const body = randomBytes(300_000);
const sha256 = createHash('sha256').update(body).digest('hex');

const mac = '52:54:00:00:00:00';

/** Fetches and checks the one layer of a manifest; waits between tries are left out. */
async function fetchLayer(script: BootScript, sources: readonly string[]): Promise<string> {
  const { stdout, stderr } = await script.run(`
    onib_pause() { :; }
    onib_mount_store() { :; }
    onib_mac=${mac} onib_sources='${sources.join(' ')}'
    echo '10 base squashfs ${sha256} ${body.length} -' >"$ONIB_RUN/layer-list"
    onib_get_layers >/dev/null && echo whole || echo "$onib_code: $onib_detail"`);
  expect(stderr).toBe('');
  return stdout.trim();
}

async function expectWhole(script: BootScript): Promise<void> {
  expect((await readFile(script.path('run/files/10'))).equals(body)).toBe(true);
}

describe('onib_get_layers', () => {
  it.each<[string, Mood[]]>([
    ['a good server', ['good']],
    ['a busy one', ['busy', 'busy', 'good']],
    ['one that has it a moment later', ['missing', 'good']],
    ['one that sends too little', ['short', 'good']],
    ['one that sends too much', ['long', 'good']],
    ['one that sends other bytes', ['wrong', 'good']],
    ['one that breaks off three times', ['reset', 'reset', 'reset', 'good']],
    ['one that cannot resume', ['reset', 'no-range']],
  ])('onib_get_layers() has every byte from %s', async (_, moods) => {
    await using script = await BootScript.create();
    await using server = await BadServer.start(body);
    server.moods = moods;
    expect(await fetchLayer(script, [`${server.url}/objects/`])).toBe('whole');
    await expectWhole(script);
  });

  it('onib_get_layers() goes on where a transfer broke', async () => {
    await using script = await BootScript.create();
    await using server = await BadServer.start(body);
    server.moods = ['reset', 'good'];
    await fetchLayer(script, [server.url]);
    expect(server.requests.map(({ path }) => path)).toEqual([`/${sha256}`, `/${sha256}`]);
    expect(server.requests[0]?.range).toBeUndefined();
    expect(server.requests[1]?.range).toMatch(/^bytes=[1-9]\d*-/);
  });

  it('onib_get_layers() asks the second source when the first fails', async () => {
    await using script = await BootScript.create();
    await using first = await BadServer.start(body);
    await using second = await BadServer.start(body);
    first.moods = ['missing'];
    expect(await fetchLayer(script, [`${first.url}/objects/`, `${second.url}/objects/`])).toBe(
      'whole',
    );
    expect([first.requests.length, second.requests.length]).toEqual([1, 1]);
  });

  it('onib_get_layers() tells the answer of a source that has nothing', async () => {
    await using script = await BootScript.create();
    await using server = await BadServer.start(body);
    server.moods = ['missing'];
    expect(await fetchLayer(script, [server.url])).toMatch(
      /^fetch: layer base from http:\S+: .*404/,
    );
    expect(server.requests).toHaveLength(8);
  });

  it('onib_get_layers() gives up on bytes that stay wrong', async () => {
    await using script = await BootScript.create();
    await using server = await BadServer.start(body);
    server.moods = ['wrong'];
    expect(await fetchLayer(script, [server.url])).toMatch(
      new RegExp(`^digest: layer base: sha256:[0-9a-f]{64} instead of sha256:${sha256}`),
    );
    expect(server.requests).toHaveLength(4);
  });
});

describe('onib_get_layers and the stages', () => {
  const forms = (server: BadServer): URLSearchParams[] =>
    server.posts.map((post) => new URLSearchParams(post.split(' ')[1]));

  /** Two layers of the same bytes; the clock of /proc/uptime moves on with every digest that is taken. */
  const getTwo = (server: BadServer, order: string): string => `
    onib_pause() { :; }
    onib_mount_store() { :; }
    onib_sha256() {
      echo "20.00 0" >"$ONIB_PROC/uptime"
      echo sha256 >>'${order}'
      sha256sum "$1" | cut -d ' ' -f 1
    }
    onib_post() { echo "$2" | sed 's/&.*//' >>'${order}'; onib_post_really "$@"; }
    onib_post_really() { wget -q -O /dev/null --post-data "$2" "$1"; }
    onib_mac=${mac} onib_sources=${server.url} onib_server=${server.url}
    for n in 10 11; do echo "$n base squashfs ${sha256} ${body.length} -"; done >"$ONIB_RUN/layer-list"
    onib_get_layers || echo "$onib_code: $onib_detail"`;

  it('onib_get_layers() reports fetch when all bytes are here, and verify when they are checked', async () => {
    await using script = await BootScript.create();
    await using server = await BadServer.start(body);
    const order = script.path('order');
    await script.run(getTwo(server, order));
    expect((await readFile(order, 'utf8')).trim().split('\n')).toEqual([
      'stage=%66%65%74%63%68', // fetch
      'sha256',
      'sha256',
      'stage=%76%65%72%69%66%79', // verify
    ]);
    expect(forms(server).map((form) => [form.get('stage'), form.get('uptime')])).toEqual([
      ['fetch', '12.34'],
      ['verify', '20.00'],
    ]);
    expect(forms(server)[0]?.get('bytes')).toBe(String(2 * body.length));
  });

  it('onib_get_layers() does not report verify for bytes that stay wrong', async () => {
    await using script = await BootScript.create();
    await using server = await BadServer.start(body);
    server.moods = ['wrong'];
    const { stdout } = await script.run(getTwo(server, script.path('order')));
    expect(stdout).toContain('digest: layer base');
    expect(forms(server).map((form) => form.get('stage'))).toEqual(['fetch']);
  });

  it('onib_get_layers() keeps what it has for the next attempt', async () => {
    await using script = await BootScript.create();
    await using server = await BadServer.start(body);
    server.moods = ['good', ...Array<Mood>(8).fill('missing'), 'good'];
    const { stdout } = await script.run(
      `${getTwo(server, script.path('order'))}; onib_get_layers && echo whole`,
    );
    expect(stdout).toMatch(/^fetch: layer base/m);
    expect(stdout).toMatch(/^whole$/m);
    expect(server.requests).toHaveLength(1 + 8 + 1);
  });
});

describe('onib_layer_url', () => {
  it('onib_layer_url() begins with another source on another node', async () => {
    await using script = await BootScript.create();
    const { stdout } = await script.run(`
      onib_sources='http://a/o/ http://b/o'
      for onib_mac in 52:54:00:00:00:00 52:54:00:00:00:01; do
        onib_layer_url x - 0; onib_layer_url x - 1
      done`);
    expect(stdout.split('\n')).toEqual([
      'http://a/o/x',
      'http://b/o/x',
      'http://b/o/x',
      'http://a/o/x',
      '',
    ]);
  });
});

describe('onib_get_manifest', () => {
  const manifest = Buffer.from(
    `onib-boot 1\nrelease r1\nlayer base squashfs ${sha256} 5\nsource http://x/\n`,
  );
  const digest = createHash('sha256').update(manifest).digest('hex');

  async function getManifest(moods: Mood[], expected: string): Promise<string> {
    await using script = await BootScript.create();
    await using server = await BadServer.start(manifest);
    server.moods = moods;
    const { stdout } = await script.run(`
      onib_pause() { :; }
      onib_manifest_url=${server.url}/m onib_manifest_digest=sha256:${expected}
      onib_get_manifest && echo "$onib_release" || echo "$onib_code: $onib_detail"`);
    return stdout.trim();
  }

  it('onib_get_manifest() takes the announced manifest, later if need be', async () => {
    expect(await getManifest(['busy', 'reset', 'good'], digest)).toBe('r1');
  });

  it('onib_get_manifest() takes no other', async () => {
    expect(await getManifest(['good'], '0'.repeat(64))).toMatch(
      /^manifest-digest: .* announced as sha256:0+$/,
    );
    expect(await getManifest(['missing'], digest)).toMatch(/^manifest-fetch: .*404/);
  });
});

describe('onib_report', () => {
  it('onib_report() posts the stage as a form', async () => {
    await using script = await BootScript.create();
    await using server = await BadServer.start(body);
    await script.run(`
      onib_server=${server.url} onib_mac=52:54:00:00:00:01 onib_release=r1 onib_bytes=7
      onib_report fetch 'a & b = c'
      onib_report failed:digest 'layer x'`);
    const [fetched, failed] = server.posts.map((post) => new URLSearchParams(post.split(' ')[1]));
    expect(server.posts[0]).toMatch(/^\/v1\/nodes\/52:54:00:00:00:01\/events /);
    expect(Object.fromEntries(fetched ?? [])).toEqual({
      stage: 'fetch',
      detail: 'a & b = c',
      uptime: '12.34',
      bytes: '7',
      release: 'r1',
    });
    expect(failed?.get('stage')).toBe('failed:digest');
    expect(failed?.get('code')).toBe('digest');
  });

  it('onib_report() gives up on a server that is not there, and never fails', async () => {
    await using script = await BootScript.create();
    const { status, stdout } = await script.run(`
      onib_server=http://127.0.0.1:1 onib_mac=52:54:00:00:00:01
      for stage in initrd network manifest fetch; do onib_report $stage || exit 1; done
      grep -c 'report lost' "$ONIB_RUN/boot.log"`);
    expect([status, stdout]).toEqual([0, '3\n']);
  });
});
