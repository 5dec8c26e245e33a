/** Files for a preview: how many of which kind, and their bytes. */
import { safeFileName } from './names.ts';
import type { FileKind, Preview } from './preview.ts';
import type { Volume } from './reader.ts';
import { isNumber, numberText, type Row, type Value } from './row.ts';

/** Endings beyond these many are counted as others. */
const mostKinds = 50;

export type Files = { file(row: Row): void; result(): Pick<Preview, 'files' | 'filesWithoutBytes'> };

export const createFiles = (volumes: readonly Volume[]): Files => {
  const kinds = new Map<string, FileKind>();
  let withoutBytes = 0;

  const sizeOf = (fileId: Value | undefined): number | undefined => {
    if (typeof fileId !== 'string') return undefined;
    const name = safeFileName(fileId);
    return volumes.map(({ files }) => files.get(name)).find((entry) => entry !== undefined)?.size;
  };

  const file = (row: Row): void => {
    const size = sizeOf(row.fileId);
    if (size === undefined) withoutBytes += 1;
    const found = kindOf(row);
    const kind = kinds.has(found) || kinds.size < mostKinds ? found : 'other';
    const one = kinds.get(kind) ?? { kind, count: 0, bytes: 0 };
    kinds.set(kind, { kind, count: one.count + 1, bytes: one.bytes + (size ?? statedSize(row.fileSize)) });
  };

  return {
    file,
    result: () => ({
      files: [...kinds.values()].sort((a, b) => b.bytes - a.bytes),
      filesWithoutBytes: withoutBytes,
    }),
  };
};

const kindOf = ({ fileFormat, fileName }: Row): string => {
  if (typeof fileFormat === 'string' && fileFormat !== 'other') return fileFormat;
  const [, ending] = /\.([a-z0-9]{1,8})$/i.exec(typeof fileName === 'string' ? fileName : '') ?? [];
  return ending?.toLowerCase() ?? 'other';
};

const statedSize = (value: Value | undefined): number => {
  const bytes = isNumber(value) ? Number(numberText(value)) : 0;
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : 0;
};
