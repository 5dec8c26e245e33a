import { ExactNumber, exact } from '@fzip/format';
import { expect, test } from 'vitest';
import { transactionHash } from '../src/index.ts';

// Rows that HouseF3 wrote itself.
const checking = 'a0000000-0000-4000-8000-000000000001';
const card = 'a0000000-0000-4000-8000-000000000002';
const written = [
  [checking, 1700000000000, 'x'.repeat(1000), '-12.50', '12987549934864091199'],
  [card, 1699913600000, 'TESCO ÜBER 1', '0', '6790125553375245182'],
  [checking, 1699827200000, 'TESCO ÜBER 2', '100', '4545941755859569953'],
  [card, 1699740800000, 'TESCO ÜBER 3', '0.01', '72828210415378426'],
  [checking, 1699654400000, 'TESCO ÜBER 4', '-99999999999.99', '17123473412229328083'],
  [card, 1699568000000, 'TESCO ÜBER 5', '1E+2', '2404137352121436232'],
  [checking, 1699481600000, 'TESCO ÜBER 6', '12.345678', '1784280541929474045'],
  [card, 1699395200000, 'TESCO ÜBER 7', '-0.10', '13106248503216003277'],
] as const;

test.each(written)('hashes %s at %i as HouseF3 does', (accountId, date, description, amount, expected) => {
  expect(transactionHash({ accountId, date, amount, description })).toEqual(new ExactNumber(expected));
});

test('hashes an amount the same as text and as number', () => {
  const fields = { accountId: card, date: 1699568000000, description: 'TESCO ÜBER 5' };
  const hash = transactionHash({ ...fields, amount: '100.00' });
  expect(transactionHash({ ...fields, amount: 100 })).toEqual(hash);
  expect(transactionHash({ ...fields, amount: exact('1E+2') })).toEqual(hash);
});
