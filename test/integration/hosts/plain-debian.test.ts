/** A plain Debian 13 becomes a host. Both releases, with a build and boots, are in test/long/. */
import { afterAll, beforeAll, describe } from 'vitest';
import { DebianTree } from '../../support/debian-tree.js';
import { testSetUp } from '../../support/plain-host.js';

describe('a plain Debian, trixie', () => {
  let tree: DebianTree;

  beforeAll(async () => {
    tree = await DebianTree.bootstrap('trixie');
  });

  afterAll(async () => {
    await tree[Symbol.asyncDispose]();
  });

  testSetUp(() => tree);
});
