import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createIdList } from '../src/id-list.ts';

const id = fc.oneof(
  fc.uuid(),
  fc.constantFrom('00000000-0000-0000-0000-000000000000', '', 'x', 'A', 'ü💶'),
  fc.string({ maxLength: 3 }),
);

describe('a list of ids', () => {
  test('knows every id that stands twice, and of others nearly none', () => {
    fc.assert(
      fc.property(fc.array(id, { maxLength: 300 }), (ids) => {
        const list = createIdList();
        for (const one of ids) list.add(one);
        const doubled = ids.filter((one, n) => ids.indexOf(one) !== n);
        const suspects = list.suspects();
        expect(suspects === undefined).toBe(doubled.length === 0);
        for (const one of ids) expect(suspects?.has(one) ?? false, one).toBe(doubled.includes(one));
      }),
    );
  });

  test('counts what it cannot keep of very many doubles', () => {
    const list = createIdList();
    const ids = Array.from({ length: 200_050 }, () => randomUUID());
    for (const one of [...ids, ...ids]) list.add(one);
    const suspects = list.suspects();
    expect(suspects?.more).toBe(50);
    expect(ids.filter((one) => suspects?.has(one)).length).toBe(200_000);
  });
});
