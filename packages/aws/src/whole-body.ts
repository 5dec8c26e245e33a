/** Bodies of answers, of which half is no body. */
import { pipeline, type Readable, Transform } from 'node:stream';

/**
 * The stream, failing where the connection breaks or fewer bytes come than were announced (bytes; undefined: not announced).
 * Destroying what is returned ends the connection.
 */
export const wholeBody = (body: Readable, announced: number | undefined, name: string): Readable => {
  let seen = 0;
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seen += chunk.length;
      done(null, chunk);
    },
    flush(done) {
      const short = announced !== undefined && seen !== announced;
      done(short ? new Error(`${name} ended after ${seen} of ${announced} bytes`) : null);
    },
  });
  // The error reaches the reader through `counter`, which pipeline destroys with it.
  pipeline(body, counter, () => undefined);
  return counter;
};
