/** The rules of jobs, asked of every status. */
import {
  advance,
  allStatuses,
  atRest,
  defaultLimits,
  derivedId,
  JobId,
  mayFollow,
  mostVolumes,
  shownStatus,
  UserId,
} from '@fzip/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const pairs = allStatuses.flatMap((from) => allStatuses.map((to) => [from, to] as const));

test('every set that a backup may become can be restored', () => {
  expect((2 * defaultLimits.storedBytes) / defaultLimits.volumeBytes).toBeLessThan(mostVolumes);
});

describe('a job', () => {
  test.each(pairs)('%s → %s moves only where the table says so', (from, to) => {
    const move = advance({ status: from }, to, 5);
    if (from === to) expect(move).toEqual({ ok: false, reason: 'already-there' });
    else if (!mayFollow(from, to)) expect(move).toEqual({ ok: false, reason: 'out-of-order' });
    else expect(move).toMatchObject({ ok: true, patch: { status: to, updatedAt: 5 } });
  });

  test('at rest never moves, save for expiry and for retrying a restore', () => {
    const moves = pairs.filter(([from, to]) => atRest(from) && mayFollow(from, to));
    expect(moves).toEqual([
      ['backup_completed', 'backup_expired'],
      ['restore_validation_failed', 'restore_validating'],
      ['restore_failed', 'restore_validating'],
    ]);
  });

  test('reaches rest from every status', () => {
    for (const status of allStatuses) {
      const reached = new Set([status]);
      for (const from of reached) for (const to of allStatuses) if (mayFollow(from, to)) reached.add(to);
      expect([...reached].some(atRest), status).toBe(true);
    }
  });

  test('shows its status without the prefix', () => {
    expect(shownStatus('restore_awaiting_confirmation')).toBe('awaiting_confirmation');
  });
});

describe('ids', () => {
  test('that are derived are UUIDs, equal for equal texts', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(JobId.parse(derivedId(text))).toBe(derivedId(text));
        expect(derivedId(`${text}.`)).not.toBe(derivedId(text));
      }),
    );
  });

  test.each(['', '..', 'a/b', 'a b', 'ä', 'x'.repeat(129), '<script>'])('of users are not %j', (id) => {
    expect(UserId.safeParse(id).success).toBe(false);
  });

  test.each(['alice', '11111111-1111-4111-8111-111111111111', 'a.b@c:d_e'])('of users may be %j', (id) => {
    expect(UserId.parse(id)).toBe(id);
  });
});
