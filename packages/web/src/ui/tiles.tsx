/** How many rows of each kind there are, each as a tile. */
import { number } from '../format.ts';
import { kindNames, kinds } from '../words/names.ts';

type Kind = (typeof kindNames)[number];
/** Kinds whose number is not known have no tile. `isExact` is false where there may be more. */
type Props = { of: { readonly [kind in Kind]?: number | undefined }; isExact?: boolean };

export const Tiles = ({ of, isExact = true }: Props) => (
  <ul className="tiles">
    {kindNames.map((kind) => {
      const count = of[kind];
      return count === undefined ? null : (
        <li key={kind}>
          <strong>
            {isExact ? '' : '≥ '}
            {number(count)}
          </strong>{' '}
          {count === 1 ? kinds[kind].one : kinds[kind].many}
        </li>
      );
    })}
  </ul>
);
