/** HouseF3 is written in Python: what we write for it, Python's own zipfile and json read as it stands, and as types that it takes. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bufferSource, convertPackage, openVolume } from '../src/index.ts';
import { profile } from './arbitraries.ts';
import { memorySink, pack } from './packing.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'fzip-python-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const python = `
import json, sys, zipfile
from decimal import Decimal
found = []
for place in sys.argv[1:]:
    with zipfile.ZipFile(place) as archive:
        assert archive.testzip() is None, place
        assert all(info.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for info in archive.infolist())
        manifest = json.loads(archive.read("manifest.json"))
        summary = manifest["dataSummary"]
        counts = {}
        for kind, key in (("accounts", "accountsCount"), ("transactions", "transactionsCount"), ("categories", "categoriesCount"), ("file_maps", "fileMapsCount"), ("transaction_files", "transactionFilesCount")):
            rows = json.loads(archive.read("data/%s.json" % kind))
            assert type(rows) is list and all(type(row) is dict for row in rows)
            assert len(rows) == summary[key], kind
            for row in rows:
                assert all(type(row[time]) is int for time in ("createdAt", "updatedAt")), row
                for money in ("amount", "balance"):
                    if kind in ("accounts", "transactions") and money in row:
                        assert type(row[money]) is str and Decimal(row[money]).is_finite(), row
                if kind == "transactions" and "transactionHash" in row:
                    assert type(row["transactionHash"]) is int and 0 <= row["transactionHash"] < 2 ** 64, row
            counts[kind] = len(rows)
        found.append(counts)
print(json.dumps(found))
`;

const hasPython = spawnSync('python3', ['--version']).status === 0;

// Without Python on the machine there is nothing to compare with; CI has it.
test.skipIf(!hasPython)('Python reads every row of what was written for HouseF3', async () => {
  const paths: string[] = [];
  const counts: object[] = [];
  for (const whole of fc.sample(profile, { seed: 11, numRuns: 20 })) {
    const { sink, bytes } = memorySink();
    const source = await openVolume(bufferSource((await pack(whole)).zip));
    const { counts: written } = await convertPackage([source], { to: 'housef3-2.5', sink, folder });
    const place = path.join(folder, `${paths.length}.fzip`);
    await writeFile(place, bytes());
    paths.push(place);
    const { analytics: _, ...five } = written;
    counts.push(five);
  }
  const { status, stdout, stderr } = spawnSync('python3', ['-c', python, ...paths], { encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
  expect(JSON.parse(stdout)).toEqual(counts);
});
