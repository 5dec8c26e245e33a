/** Order-free digests: equal for the same lines in any order, so that pages and chunks may be summed as they come. */
import { hash } from 'node:crypto';

const lanes = 8;

/**
 * The sum of the SHA-256 values of lines, in eight lanes of 32 bits. Guards against loss, doubling and change by accident;
 * against intent the entries' own sha256 stand.
 */
export class OrderFreeDigest {
  readonly #sum = new Uint32Array(lanes);
  count = 0;

  add(line: string): void {
    // A text of one character a byte costs half of what a Buffer does.
    const digest = hash('sha256', line, 'binary');
    for (let lane = 0; lane < lanes; lane += 1) this.#sum[lane] = (this.#sum[lane] ?? 0) + uint32At(digest, lane * 4);
    this.count += 1;
  }

  /** Adds what another digest summed, given as its hex. @throws TypeError if it is no such digest */
  addHex(hex: string, count: number): void {
    if (!/^[0-9a-f]{64}$/.test(hex)) throw new TypeError(`"${hex}" is no digest; 64 hex digits are`);
    for (let lane = 0; lane < lanes; lane += 1) {
      this.#sum[lane] = (this.#sum[lane] ?? 0) + Number.parseInt(hex.slice(lane * 8, lane * 8 + 8), 16);
    }
    this.count += count;
  }

  /** 64 hex digits. */
  hex(): string {
    return Array.from(this.#sum, (lane) => lane.toString(16).padStart(8, '0')).join('');
  }
}

const uint32At = (bytes: string, at: number): number =>
  (bytes.charCodeAt(at) << 24) |
  (bytes.charCodeAt(at + 1) << 16) |
  (bytes.charCodeAt(at + 2) << 8) |
  bytes.charCodeAt(at + 3);
