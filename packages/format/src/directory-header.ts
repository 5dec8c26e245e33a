/** One header of the central directory, judged before yauzl reads it: what is wrong with it then has the entry's name. */
import type { EndRecord } from './end-record.ts';
import { PackageRefused, type RefusalCode } from './errors.ts';
import { checkExtraFields } from './extra-fields.ts';

// APPNOTE.TXT, section 4.3.12.
const header = { signature: 0x02014b50, bytes: 46 };
const strongEncryption = 0x40;
const inZip64 = 0xffffffff;

/**
 * @param read gives bytes of the archive, all that are asked for
 * @param index how many entries stand before it
 * @returns where the next header begins
 * @throws PackageRefused if the header is not whole, or names another disk than the first
 */
export const judgeHeader = async (
  read: (start: number, length: number) => Promise<Buffer>,
  at: number,
  end: EndRecord,
  index: number,
): Promise<number> => {
  const refuse = (code: RefusalCode, message: string, name = `entry ${index + 1} of ${end.entries}`): never => {
    throw new PackageRefused(code, message, name);
  };
  const left = end.directoryEnd - at;
  if (left === 0)
    throw new PackageRefused(
      'BAD_END_RECORD',
      `${end.entries} entries are counted, the directory has ${index}; allowed is their number`,
    );
  if (left < header.bytes)
    refuse('BAD_DIRECTORY', `${left} bytes of its header in the directory; allowed are ${header.bytes} at least`);
  const fields = await read(at, header.bytes);
  const signature = fields.readUInt32LE(0);
  if (signature !== header.signature)
    refuse('BAD_DIRECTORY', `begins with ${hex8(signature)}; allowed is ${hex8(header.signature)}`);
  const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((field) => fields.readUInt16LE(field)) as [
    number,
    number,
    number,
  ];
  const next = at + header.bytes + nameBytes + extraBytes + commentBytes;
  if (next > end.directoryEnd)
    refuse('BAD_DIRECTORY', `a header of ${next - at} bytes; the directory has ${left} for it, the most allowed`);
  const flags = fields.readUInt16LE(8);
  const disk = fields.readUInt16LE(34);
  const statesZip64 = [24, 20, 42].filter((field) => fields.readUInt32LE(field) === inZip64).length;
  // Most headers have none of it: then the name need not be read twice.
  if (extraBytes === 0 && disk === 0 && !(flags & strongEncryption)) return next;
  const more = await read(at + header.bytes, nameBytes + extraBytes);
  const name = more.subarray(0, nameBytes);
  if (flags & strongEncryption)
    refuse('ENCRYPTED', 'strongly encrypted; allowed are entries without encryption', name.toString());
  const zip64 = checkExtraFields(more.subarray(nameBytes), name);
  // A literal 0xFFFFFFFF without a zip64 field is legal when true.
  if (zip64 && zip64.length < 8 * statesZip64)
    refuse(
      'BAD_ZIP64',
      `a zip64 field of ${zip64.length} bytes; allowed are ${8 * statesZip64} at least`,
      name.toString(),
    );
  const isDiskInZip64 = disk === 0xffff && zip64 !== undefined && zip64.length >= 8 * statesZip64 + 4;
  const stated = isDiskInZip64 ? zip64.readUInt32LE(8 * statesZip64) : disk;
  if (stated !== 0) refuse('SEVERAL_DISKS', `begins on disk ${stated}; allowed is disk 0`, name.toString());
  return next;
};

const hex8 = (value: number): string => value.toString(16).padStart(8, '0');
