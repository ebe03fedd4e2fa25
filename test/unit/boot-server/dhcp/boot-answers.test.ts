import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  answerOptions,
  answerRows,
  answerTable,
} from '../../../../boot-server/dhcp/boot-answers.js';
import { packagePath } from '../../../../src/core/package.js';

const facts = { address: '10.0.0.5', bootFile: 'snponly.efi' };

describe('answerRows', () => {
  it('answerRows give a client each option at most once', () => {
    for (const netboot of ['pxe', 'http', 'ipxe'] as const) {
      const own = answerRows.filter(({ clients }) => clients.includes(netboot));
      expect(answerOptions(netboot, facts).size, netboot).toBe(own.length);
    }
  });

  it('answerTable() stands in docs/boot-server.md', () => {
    expect(readFileSync(packagePath('docs/boot-server.md'), 'utf8')).toContain(answerTable());
  });
});
