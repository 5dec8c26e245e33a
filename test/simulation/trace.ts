/** What happened in a run, in words: one line for each call that took effect or went wrong. */
import type { Call } from './faults.ts';

export type Trace = (who: string, what: string, note: string) => void;

/** `+12.345 s  restore-accounts 17      ledger.put restore-accounts/chunk 0  ✗ fails after` */
export const traceLine = (ms: number, who: string, what: string, note: string): string =>
  `+${(ms / 1_000).toFixed(3).padStart(10)} s  ${who.padEnd(30)} ${what}${note === '' ? '' : `  ${note}`}`;

/** A call and what it is about, without row content. */
export const inWords = ({ port, method }: Call, parameters: readonly unknown[]): string =>
  `${port}.${method} ${parameters
    .map(short)
    .filter((text) => text !== '')
    .join(' ')}`;

const short = (value: unknown): string => {
  if (typeof value === 'string') return uuids(value);
  if (typeof value === 'number') return String(value);
  if (Array.isArray(value)) return value.length > 0 && isRow(value[0]) ? `${value.length} rows` : shortList(value);
  if (Buffer.isBuffer(value)) return `${value.length} bytes`;
  if (typeof value !== 'object' || value === null) return '';
  const { step, kind, n, status, intent, jobId, attempt, type, error } = value as Record<string, unknown>;
  if (typeof step === 'string') return `${uuids(String(jobId))}:${attempt} ${step}/${kind}`;
  if (typeof type === 'string') return type;
  if (typeof status === 'string' || intent !== undefined)
    return [jobId && uuids(String(jobId)), status, intent && `intent ${JSON.stringify(intent)}`, error && '(error)']
      .filter(Boolean)
      .join(' ');
  const text = uuids(JSON.stringify({ ...(value as object), n }));
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
};

const shortList = (list: readonly unknown[]): string => {
  const text = uuids(JSON.stringify(list));
  return text.length > 160 ? `${list.length}× ${text.slice(0, 150)}…` : text;
};

const isRow = (value: unknown): boolean => typeof value === 'object' && value !== null && 'userId' in value;

/** Ids in a few characters: the last ones tell most. */
const uuids = (text: string): string =>
  text.replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-([0-9a-f]{12})/g, (_, last: string) =>
    last.replace(/^0+/, '').slice(-6),
  );
