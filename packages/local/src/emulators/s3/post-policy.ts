import { S3Error } from './errors.ts';
import { hmacHex, type Judge, openCredential, sameText } from './signature.ts';

/** A form's fields by lower-case name, without the file. */
export type Fields = ReadonlyMap<string, string>;

/** What a policy leaves open for the file. */
export type Allowance = { least?: number; most?: number };

type Policy = { expiration: string; conditions: unknown[] };

/** Fields that no condition needs to name. */
const free = (name: string): boolean =>
  ['x-amz-signature', 'policy', 'file', 'bucket'].includes(name) || name.startsWith('x-ignore-');

const denied = (reason: string): S3Error => new S3Error('AccessDenied', `Invalid according to Policy: ${reason}`);
const invalid = (reason: string): S3Error => new S3Error('InvalidPolicyDocument', `Invalid Policy: ${reason}`);

const need = (fields: Fields, name: string): string => {
  const value = fields.get(name);
  if (value === undefined || value === '')
    throw new S3Error('AccessDenied', `Access Denied: the form has no field ${name}.`);
  return value;
};

const checkSignature = (judge: Judge, fields: Fields): void => {
  if (need(fields, 'x-amz-algorithm') !== 'AWS4-HMAC-SHA256') {
    throw new S3Error('InvalidArgument', 'X-Amz-Algorithm only supports "AWS4-HMAC-SHA256".');
  }
  const { signingKey } = openCredential(judge, need(fields, 'x-amz-credential'), need(fields, 'x-amz-date'));
  if (sameText(hmacHex(signingKey, need(fields, 'policy')), need(fields, 'x-amz-signature'))) return;
  throw new S3Error(
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
  );
};

const parsePolicy = (text: string): Policy => {
  let policy: unknown;
  try {
    policy = JSON.parse(Buffer.from(text, 'base64').toString('utf8'));
  } catch {
    throw invalid('no JSON in base64.');
  }
  if (typeof policy !== 'object' || policy === null || !('expiration' in policy) || !('conditions' in policy)) {
    throw invalid('expiration and conditions are required.');
  }
  const { expiration, conditions } = policy;
  if (typeof expiration !== 'string' || Number.isNaN(Date.parse(expiration)))
    throw invalid("'expiration' is no ISO 8601 date.");
  if (!Array.isArray(conditions)) throw invalid("'conditions' is no list.");
  return { expiration, conditions };
};

type FieldCondition = { kind: 'eq' | 'starts-with'; field: string; value: string };
type Condition = FieldCondition | { kind: 'content-length-range'; least: number; most: number };

const fieldName = (name: unknown): string => {
  if (typeof name === 'string' && name.startsWith('$')) return name.slice(1).toLowerCase();
  throw invalid(`a condition names "${String(name).slice(0, 50)}"; allowed is "$<field>".`);
};

const parseCondition = (condition: unknown): Condition[] => {
  if (Array.isArray(condition) && condition.length === 3) {
    const [kind, first, second] = condition as [unknown, unknown, unknown];
    const name = String(kind).toLowerCase();
    if (name === 'content-length-range') {
      const [least, most] = [Number(first), Number(second)];
      if (!Number.isSafeInteger(least) || !Number.isSafeInteger(most) || least < 0)
        throw invalid('content-length-range needs two numbers of bytes.');
      return [{ kind: 'content-length-range', least, most }];
    }
    if ((name === 'eq' || name === 'starts-with') && typeof second === 'string')
      return [{ kind: name, field: fieldName(first), value: second }];
  } else if (typeof condition === 'object' && condition !== null && !Array.isArray(condition)) {
    return Object.entries(condition).map(([field, value]) => {
      if (typeof value !== 'string') throw invalid(`the value of ${field.slice(0, 50)} is no text.`);
      return { kind: 'eq', field: field.toLowerCase(), value };
    });
  }
  throw invalid(
    `the condition ${JSON.stringify(condition).slice(0, 100)} is none of eq, starts-with, content-length-range.`,
  );
};

const holds = (condition: FieldCondition, value: string): boolean => {
  if (condition.kind === 'eq') return value === condition.value;
  // S3 judges each type of a list in Content-Type by itself.
  const values = condition.field === 'content-type' ? value.split(',').map((type) => type.trim()) : [value];
  return values.every((entry) => entry.startsWith(condition.value));
};

/**
 * Judges a form by its own policy: signature, expiry, every condition; and every field must be named by one.
 * `fields` holds the bucket of the path under `bucket`. Throws AccessDenied, SignatureDoesNotMatch, InvalidPolicyDocument.
 */
export const checkPolicy = (judge: Judge, fields: Fields): Allowance => {
  checkSignature(judge, fields);
  const policy = parsePolicy(need(fields, 'policy'));
  if (judge.clock() >= Date.parse(policy.expiration)) throw denied('Policy expired.');
  const allowance: Allowance = {};
  const covered = new Set<string>();
  for (const condition of policy.conditions.flatMap(parseCondition)) {
    if (condition.kind === 'content-length-range') {
      allowance.least = Math.max(allowance.least ?? 0, condition.least);
      allowance.most = Math.min(allowance.most ?? Number.POSITIVE_INFINITY, condition.most);
      continue;
    }
    covered.add(condition.field);
    const value = fields.get(condition.field);
    if (value !== undefined && holds(condition, value)) continue;
    throw denied(`Policy Condition failed: ["${condition.kind}", "$${condition.field}", "${condition.value}"]`);
  }
  const extra = [...fields.keys()].filter((name) => !covered.has(name) && !free(name));
  if (extra.length > 0) throw denied(`Extra input fields: ${extra.join(', ').slice(0, 200)}`);
  return allowance;
};
