/** Ids from outside, and ids that are derived so that a repeat is recognisable. */
import { hash } from 'node:crypto';
import * as z from 'zod';

/** Job ids are UUIDs, so that no other item of the job table can be asked for as a job. */
export const JobId = z.uuid();
export type JobId = z.infer<typeof JobId>;

/** DESIGN.md section 8, rule 4. `.` and `..` would be folders to some readers of keys. */
export const UserId = z
  .string()
  .regex(/^[A-Za-z0-9_@.:-]{1,128}$/, 'a user id is 1 to 128 of letters, digits and _ @ . : -')
  .refine((id) => !/^\.+$/.test(id), 'a user id is more than dots');
export type UserId = z.infer<typeof UserId>;

/** One attempt of a job: what every message between steps is about. */
export const Work = z.object({ jobId: JobId, attempt: z.int().positive() });
export type Work = z.infer<typeof Work>;

const fzipNamespace = '6d0c1f0e-6c1b-5f27-9d6b-0f6a3f1a7e55';

/** UUIDv5 (RFC 9562) of a text in FZIP's own namespace: the same text gives the same id. */
export const derivedId = (text: string): string => {
  const namespace = Buffer.from(fzipNamespace.replaceAll('-', ''), 'hex');
  const bytes = hash('sha1', Buffer.concat([namespace, Buffer.from(text)]), 'buffer').subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
};
