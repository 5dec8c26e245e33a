/**
 * The entries of a volume in columns: a million of them as objects would take as much memory as a package may have bytes.
 * An entry is made when it is asked for, anew each time.
 */
import { idHash } from './id-set.ts';
import { type Role, roleOf } from './layout.ts';

/** One entry of a volume, as the central directory states it. Sizes and offsets in bytes. */
export type Entry = {
  name: string;
  role: Role;
  /** 0 stored, 8 deflated, 14 LZMA */
  method: number;
  size: number;
  compressedSize: number;
  crc32: number;
  /** General purpose bits. */
  flags: number;
  /** Where its local header begins. */
  offset: number;
  /** Where the next entry or the directory begins. */
  end: number;
};

/** Entries in the order of the directory. */
export type Entries = Iterable<Entry> & {
  readonly length: number;
  find(holds: (entry: Entry) => boolean): Entry | undefined;
  some(holds: (entry: Entry) => boolean): boolean;
  filter(holds: (entry: Entry) => boolean): Entry[];
  map<T>(to: (entry: Entry) => T): T[];
  reduce<T>(add: (sum: T, entry: Entry) => T, from: T): T;
  /** In the order of their bytes. */
  byOffset(): Iterable<Entry>;
};

/** Entries by file id, as it stands in the entry's name. */
export type FileEntries = Iterable<readonly [fileId: string, entry: Entry]> & {
  readonly size: number;
  get(fileId: string): Entry | undefined;
  has(fileId: string): boolean;
  values(): Iterable<Entry>;
};

type Column = Float64Array | Uint32Array | Uint16Array | Uint8Array;

/** A column that grows by doubling. */
const column = <T extends Column>(make: (length: number) => T) => {
  let cells = make(1024);
  return {
    set: (at: number, value: number): void => {
      if (at >= cells.length) {
        const more = make(cells.length * 2);
        more.set(cells);
        cells = more;
      }
      cells[at] = value;
    },
    get: (at: number): number => cells[at] ?? 0,
  };
};

const kinds = ['manifest', 'folder', 'data', 'file', 'byS3Key'] as const;
const kindOf = (role: Role): number => kinds.indexOf(role.is === 'file' && role.byS3Key ? 'byS3Key' : role.is);

export class EntryTable implements Entries {
  #length = 0;
  #names = Buffer.alloc(64 * 1024);
  #nameEnds = column((length) => new Float64Array(length));
  #kinds = column((length) => new Uint8Array(length));
  #methods = column((length) => new Uint16Array(length));
  #flags = column((length) => new Uint16Array(length));
  #crcs = column((length) => new Uint32Array(length));
  #sizes = column((length) => new Float64Array(length));
  #compressed = column((length) => new Float64Array(length));
  #offsets = column((length) => new Float64Array(length));
  #ends = column((length) => new Float64Array(length));
  /** The order of the bytes, where it is another than that of the directory. */
  #order: Uint32Array | undefined;

  get length(): number {
    return this.#length;
  }

  add(entry: Omit<Entry, 'end'>): void {
    const at = this.#length;
    this.#addName(at, entry.name);
    this.#kinds.set(at, kindOf(entry.role));
    this.#methods.set(at, entry.method);
    this.#flags.set(at, entry.flags);
    this.#crcs.set(at, entry.crc32);
    this.#sizes.set(at, entry.size);
    this.#compressed.set(at, entry.compressedSize);
    this.#offsets.set(at, entry.offset);
    this.#length = at + 1;
  }

  #addName(at: number, name: string): void {
    const start = at === 0 ? 0 : this.#nameEnds.get(at - 1);
    const bytes = Buffer.byteLength(name);
    if (start + bytes > this.#names.length) {
      const more = Buffer.alloc(Math.max(this.#names.length * 2, start + bytes));
      this.#names.copy(more, 0, 0, start);
      this.#names = more;
    }
    this.#names.write(name, start);
    this.#nameEnds.set(at, start + bytes);
  }

  #nameAt(at: number): string {
    return this.#names.toString('utf8', at === 0 ? 0 : this.#nameEnds.get(at - 1), this.#nameEnds.get(at));
  }

  at(at: number): Entry {
    const name = this.#nameAt(at);
    return {
      name,
      role: this.#roleAt(at, name),
      method: this.#methods.get(at),
      flags: this.#flags.get(at),
      size: this.#sizes.get(at),
      compressedSize: this.#compressed.get(at),
      crc32: this.#crcs.get(at),
      offset: this.#offsets.get(at),
      end: this.#ends.get(at),
    };
  }

  #roleAt(at: number, name: string): Role {
    switch (kinds[this.#kinds.get(at)]) {
      case 'manifest':
        return { is: 'manifest' };
      case 'folder':
        return { is: 'folder' };
      case 'file':
        return { is: 'file', fileId: name.split('/')[1] ?? '', byS3Key: false };
      case 'byS3Key':
        return { is: 'file', fileId: name.split('/')[2] ?? '', byS3Key: true };
      default:
        return roleOf(name);
    }
  }

  /** The file id in a name, if the entry is a file's. */
  fileIdAt(at: number): string | undefined {
    const kind = kinds[this.#kinds.get(at)];
    if (kind !== 'file' && kind !== 'byS3Key') return undefined;
    return this.#nameAt(at).split('/')[kind === 'file' ? 1 : 2];
  }

  /** Gives each entry the room up to the next one, in the order of the bytes; `see` hears of each, and of the first's offset. */
  setEnds(directory: number, see: (entry: Entry) => void): void {
    this.#order = this.#orderOfBytes();
    for (let n = 0; n < this.#length; n += 1) {
      const next = n + 1 < this.#length ? this.#offsets.get(this.#place(n + 1)) : directory;
      this.#ends.set(this.#place(n), next);
      see(this.at(this.#place(n)));
    }
  }

  #place(n: number): number {
    return this.#order?.[n] ?? n;
  }

  #orderOfBytes(): Uint32Array | undefined {
    let isSorted = true;
    for (let at = 1; at < this.#length && isSorted; at += 1)
      isSorted = this.#offsets.get(at - 1) <= this.#offsets.get(at);
    if (isSorted) return undefined;
    const order = Uint32Array.from({ length: this.#length }, (_, at) => at);
    return order.sort((a, b) => this.#offsets.get(a) - this.#offsets.get(b) || a - b);
  }

  *[Symbol.iterator](): Generator<Entry> {
    for (let at = 0; at < this.#length; at += 1) yield this.at(at);
  }

  *byOffset(): Generator<Entry> {
    for (let n = 0; n < this.#length; n += 1) yield this.at(this.#place(n));
  }

  find(holds: (entry: Entry) => boolean): Entry | undefined {
    for (const entry of this) if (holds(entry)) return entry;
    return undefined;
  }

  some(holds: (entry: Entry) => boolean): boolean {
    return this.find(holds) !== undefined;
  }

  filter(holds: (entry: Entry) => boolean): Entry[] {
    const found: Entry[] = [];
    for (const entry of this) if (holds(entry)) found.push(entry);
    return found;
  }

  map<T>(to: (entry: Entry) => T): T[] {
    return Array.from(this, to);
  }

  reduce<T>(add: (sum: T, entry: Entry) => T, from: T): T {
    let sum = from;
    for (const entry of this) sum = add(sum, entry);
    return sum;
  }
}

/** The files of a table, found by a hash of their ids. */
export class FileTable implements FileEntries {
  readonly #entries: EntryTable;
  readonly #hash = idHash();
  /** Place of an entry plus one; 0 is free. */
  readonly #slots: Uint32Array;
  #size = 0;

  constructor(entries: EntryTable) {
    this.#entries = entries;
    let slots = 16;
    while (slots < entries.length * 2) slots *= 2;
    this.#slots = new Uint32Array(slots);
  }

  get size(): number {
    return this.#size;
  }

  /** Takes the entry at a place, unless another has its file id: that is given back. */
  add(at: number, fileId: string): Entry | undefined {
    const slot = this.#slotOf(fileId);
    const taken = this.#slots[slot] ?? 0;
    if (taken > 0) return this.#entries.at(taken - 1);
    this.#slots[slot] = at + 1;
    this.#size += 1;
    return undefined;
  }

  /** Where a file id stands, or would. */
  #slotOf(fileId: string): number {
    for (let slot = this.#hash(fileId); ; slot += 1) {
      const at = slot & (this.#slots.length - 1);
      const taken = this.#slots[at] ?? 0;
      if (taken === 0 || this.#entries.fileIdAt(taken - 1) === fileId) return at;
    }
  }

  get(fileId: string): Entry | undefined {
    const taken = this.#slots[this.#slotOf(fileId)] ?? 0;
    return taken === 0 ? undefined : this.#entries.at(taken - 1);
  }

  has(fileId: string): boolean {
    return this.#slots[this.#slotOf(fileId)] !== 0;
  }

  *[Symbol.iterator](): Generator<readonly [string, Entry]> {
    for (let at = 0; at < this.#entries.length; at += 1) {
      const fileId = this.#entries.fileIdAt(at);
      if (fileId !== undefined) yield [fileId, this.#entries.at(at)];
    }
  }

  *values(): Generator<Entry> {
    for (const [, entry] of this) yield entry;
  }
}
