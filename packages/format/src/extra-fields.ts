/** Extra fields of a header, local or central: none may reach beyond its header, none may give the entry another name. */
import { parseExtraFields } from 'yauzl';
import { PackageRefused } from './errors.ts';

const headerBytes = 4;
const zip64Id = 0x0001;
// APPNOTE.TXT, section 4.6.9: version, CRC of the name in the header, then the name that counts.
const unicodePathId = 0x7075;
const unicodePathBytes = 5;

/**
 * @param rawName the name in the same header
 * @returns the content of the zip64 field, if there is one
 * @throws PackageRefused BAD_EXTRA_FIELD or RENAMED_ENTRY
 */
export const checkExtraFields = (raw: Buffer, rawName: Buffer): Buffer | undefined => {
  const name = rawName.toString();
  let zip64: Buffer | undefined;
  let used = 0;
  for (const { id, data } of fieldsOf(raw, name)) {
    used += headerBytes + data.length;
    if (id === unicodePathId && !data.subarray(unicodePathBytes).equals(rawName))
      throw new PackageRefused('RENAMED_ENTRY', 'an extra field gives it another name; allowed is one name', name);
    if (id !== zip64Id) continue;
    if (zip64) throw new PackageRefused('BAD_EXTRA_FIELD', 'two zip64 fields; allowed is one', name);
    zip64 = data;
  }
  if (raw.subarray(used).some((byte) => byte !== 0))
    throw new PackageRefused('BAD_EXTRA_FIELD', `${raw.length - used} bytes that are no extra field`, name);
  return zip64;
};

const fieldsOf = (raw: Buffer, name: string): { id: number; data: Buffer }[] => {
  try {
    return parseExtraFields(raw);
  } catch {
    throw new PackageRefused('BAD_EXTRA_FIELD', 'an extra field reaches beyond its header', name);
  }
};
