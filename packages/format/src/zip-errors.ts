/** What yauzl says of a directory, as our verdicts: what was found, and what is allowed. */
import { PackageRefused, type RefusalCode } from './errors.ts';

type Verdict = readonly [pattern: RegExp, code: RefusalCode, message: (found: RegExpExecArray) => string];

/** The end record was not found at all; whether the file is a ZIP that was cut, its beginning says. */
export const noEndRecord = /^End of central directory record signature not found/;

const verdicts: readonly Verdict[] = [
  [
    /^Invalid comment length\. Expected: (\d+)\. Found: (\d+)/,
    'BAD_END_RECORD',
    ([, found, allowed]) =>
      `${found} bytes follow the end record, which announces a comment of ${allowed}; allowed are as many`,
  ],
  [/^multi-disk.*?(\d+)$/i, 'SEVERAL_DISKS', ([, disk]) => `disk number ${disk}; allowed is one disk, number 0`],
  [/^strong encryption/i, 'ENCRYPTED', () => 'an entry is encrypted; allowed are entries without encryption'],
  [
    /^invalid zip64 end of central directory record signature/,
    'BAD_ZIP64',
    () => 'no zip64 end record where its locator points; allowed is one right before the locator',
  ],
  [
    /^zip64 extended information extra field does not include (.*)$/,
    'BAD_ZIP64',
    ([, what]) =>
      `the zip64 field of an entry lacks its ${what}; allowed are fields with all that the header leaves to them`,
  ],
  [
    /^extra field length exceeds/,
    'BAD_EXTRA_FIELD',
    () => 'an extra field is longer than all extra fields of its entry; allowed are fields within their header',
  ],
  [
    /^invalid central directory file header signature: (.*)$/,
    'BAD_DIRECTORY',
    ([, found]) => `found ${found} where an entry of the directory should begin; allowed is 0x2014b50`,
  ],
  [
    /^unexpected EOF/,
    'BAD_DIRECTORY',
    () => 'the records of the archive lead beyond its end; allowed are places within it',
  ],
];

/** @param message of an error that yauzl made; one that is not foreseen keeps its words */
export const verdictOfZip = (message: string): PackageRefused => {
  for (const [pattern, code, inWords] of verdicts) {
    const found = pattern.exec(message);
    if (found) return new PackageRefused(code, inWords(found));
  }
  return new PackageRefused('BAD_DIRECTORY', message);
};
