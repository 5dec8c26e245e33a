/** The story of a backup in the format that HouseF3 itself restores. */
import { bufferSource, checkVolume, entityKinds, openVolume } from '@fzip/format';
import { expect, test } from 'vitest';
import { faultsOf, parsedByHousef3 } from '../../packages/format/test/housef3-model.ts';
import { download, world } from './fixture.ts';

test('is one package that HouseF3 reads whole, however many volumes it was made of, and restores here too', async () => {
  for (const volumeBytes of [1 << 30, 20_000]) {
    const on = await world({ limits: { volumeBytes, chunkRows: 100 } });
    const counts = await on.fillProfile({ user: 'alice', transactions: 300, files: 4, seed: 6 });
    const { id, ended, job } = await on.backUp('alice', { packageFormat: 'housef3' });
    expect(ended.type).toBe('backup.completed');
    expect(job.packages).toHaveLength(1);
    const { bytes } = await download(on, 'alice', id);
    expect(bytes.length).toBe(job.packageSize);
    const read = await parsedByHousef3(bytes);
    for (const kind of entityKinds) {
      if (kind === 'analytics') continue;
      expect(read.get(kind)?.length, kind).toBe(counts[kind]);
      for (const row of read.get(kind) ?? []) expect(faultsOf(kind, row), kind).toEqual([]);
    }
    const volume = await openVolume(bufferSource(bytes));
    expect(volume.dialect).toBe('housef3-2.5');
    const check = await checkVolume(volume);
    expect(check).toMatchObject({ intact: true, counts });

    const client = on.client('alice');
    const status = await client.backupStatus(id);
    expect(status).toMatchObject({ status: 'completed', counts, volumes: [{ number: 1, size: bytes.length }] });
    // What HouseF3's restore would do without is told, and takes nothing from a package that is whole.
    expect(status.validation?.issues.join('\n')).toContain('HouseF3');
    expect(status.validation?.overall_quality).toBe('excellent');

    const { validationId } = await client.validateBackup(id, { mode: 'deep' });
    for (;;) {
      const found = await client.validationStatus(id, validationId);
      if (found.status === 'processing') continue;
      expect(found.result).toMatchObject({ ok: true, issues: [] });
      break;
    }
    for (const mode of ['compare', 'round_trip'] as const) {
      await expect(client.validateBackup(id, { mode })).rejects.toMatchObject({ code: 'UNSUPPORTED_FORMAT' });
    }
    expect((await on.restore('bob', bytes)).ended.type).toBe('restore.completed');
    expect((await on.rows('bob')).transactions).toHaveLength(300);
    const stored: string[] = [];
    await on.sweepNow();
    for await (const { key } of on.ports.packages.list(`packages/alice/${id}/`)) stored.push(key);
    expect(stored).toEqual([job.packages?.[0]?.key]);
  }
});
