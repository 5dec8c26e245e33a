/** Names of entries that every file system can hold. FORMAT.md, section 1. */
import { withoutEnd } from './texts.ts';

const longestName = 200;
/** A longer "extension" is a part of the name. */
const longestExtension = 32;

/**
 * A file name that is safe as one segment of an entry name: NFC, without control characters and `/ \ : * ? " < > |`,
 * without dot or space at the end, at most 200 bytes of UTF-8 with the extension kept. Safe names stay as they are.
 */
export const safeFileName = (name: string): string => {
  const clean = name
    .toWellFormed()
    .normalize('NFC')
    .replace(/[\p{Cc}/\\:*?"<>|]/gu, '_');
  return shortened(trimmed(clean)) || '_';
};

const trimmed = (name: string): string => withoutEnd(name, '. ');

const shortened = (name: string): string => {
  if (Buffer.byteLength(name) <= longestName) return name;
  const dot = name.lastIndexOf('.');
  const extension = dot > 0 ? name.slice(dot) : '';
  const kept = Buffer.byteLength(extension);
  if (kept === 0 || kept > longestExtension) return trimmed(cut(name, longestName));
  return cut(name.slice(0, dot), longestName - kept) + extension;
};

/** The longest beginning of whole characters within some bytes. */
const cut = (text: string, bytes: number): string => {
  const all = Buffer.from(text);
  let end = Math.min(bytes, all.length);
  while (end > 0 && ((all[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return all.toString('utf8', 0, end);
};

/** Where a file's bytes stand: `files/{fileId}/{safe name}`. An id that is no UUID is made safe too. */
export const fileEntry = (fileId: string, fileName: string): string =>
  `files/${safeFileName(fileId)}/${safeFileName(fileName)}`;

const compressed = new Set(
  'pdf xlsx xlsm docx pptx ods odt png jpg jpeg gif webp heic avif mp3 mp4 mov zip gz tgz bz2 xz zst br 7z rar fzip'.split(
    ' ',
  ),
);

/** True for kinds of files that deflate would not make smaller, by extension. */
export const isCompressed = (fileName: string): boolean =>
  compressed.has(fileName.slice(fileName.lastIndexOf('.') + 1).toLowerCase());
