import { describe, expect, test } from 'vitest';
import { attachment } from '../src/content-disposition.ts';

describe('the name under which a download is saved', () => {
  test.each([
    ['backup_1.fzip', `attachment; filename="backup_1.fzip"; filename*=UTF-8''backup_1.fzip`],
    ['a "b"\\c.fzip', `attachment; filename="a _b__c.fzip"; filename*=UTF-8''a%20%22b%22%5Cc.fzip`],
    ['über.fzip', `attachment; filename="_ber.fzip"; filename*=UTF-8''%C3%BCber.fzip`],
    ["it's (1)*.fzip", `attachment; filename="it's (1)*.fzip"; filename*=UTF-8''it%27s%20%281%29%2A.fzip`],
    ['a\r\nSet-Cookie: b', `attachment; filename="a__Set-Cookie: b"; filename*=UTF-8''a%0D%0ASet-Cookie%3A%20b`],
    ['\ud800', `attachment; filename="_"; filename*=UTF-8''%EF%BF%BD`],
  ])('%j is exact in one form and harmless in the other', (name, header) => {
    expect(attachment(name)).toBe(header);
  });
});
