/** Chooses the file or the volumes of a package, looks at them, and shows what they say of themselves. */
import { advice } from '@fzip/format/advice';
import { useId, useState } from 'react';
import { DropZone, FileTrigger, Text } from 'react-aria-components';
import { plural, size } from '../format.ts';
import { type Chosen, lookAt } from '../preview/preview.ts';
import { Button } from '../ui/button.tsx';
import { Facts, Said, Untrusted, When } from '../ui/text.tsx';
import { Tiles } from '../ui/tiles.tsx';
import { kindNames, leftOutName } from '../words/names.ts';

const adviceOf = (code: string): string =>
  Object.hasOwn(advice, code) ? advice[code as keyof typeof advice] : 'Choose the file again.';

type Summary = Record<string, unknown>;
const countOf = (summary: Summary, kind: string): number | undefined => {
  const count = summary[`${kind}_count`];
  return typeof count === 'number' ? count : undefined;
};

const typeNames: Readonly<Record<string, string>> = {
  complete: 'everything',
  selective: 'chosen parts',
  date_range: 'a time span',
};

export const PackagePreview = ({ chosen: { volumes, size: bytes } }: { chosen: Chosen }) => {
  const [first] = volumes;
  if (!first) return null;
  const { manifest, dialect, notes } = first;
  const made = Date.parse(manifest.backup_timestamp);
  const summary = (manifest.volume.count > 1 ? manifest.volume.set_summary : manifest.data_summary) as Summary;
  const failed = manifest.failed_files.length;
  return (
    <section className="preview" aria-label="What the file says of itself">
      <h3>What the file says of itself</h3>
      <Facts
        of={[
          [
            volumes.length === 1 ? 'File' : 'Files',
            <span key="files">
              {volumes.length === 1 ? (
                <Untrusted text={first.file.name} />
              ) : (
                plural(volumes.length, 'volume', 'volumes')
              )}
              , {size(bytes)}
            </span>,
          ],
          [
            'Made',
            Number.isNaN(made) ? (
              <Untrusted key="made" text={manifest.backup_timestamp} />
            ) : (
              <When key="made" at={made} />
            ),
          ],
          ['Of the profile of', <Untrusted key="of" text={manifest.user_id} />],
          ['Holds', <Untrusted key="type" text={typeNames[manifest.backup_type] ?? manifest.backup_type} />],
          ['Made by', dialect === 'housef3-2.5' ? 'HouseF3 itself' : 'FZIP'],
        ]}
      />
      <Tiles of={Object.fromEntries(kindNames.map((kind) => [kind, countOf(summary, kind)]))} />
      {failed > 0 && (
        <p className="notice notice-warn">
          {plural(failed, 'file was', 'files were')} not readable when it was made, and cannot be restored.
        </p>
      )}
      {manifest.backup_type !== 'complete' && (
        <p className="notice notice-warn">
          It holds a part of a profile. What it does not hold will not be there after the restore.
        </p>
      )}
      {notes.map((note) => (
        <p key={note} className="notice notice-warn">
          <Untrusted text={note} />
        </p>
      ))}
      {manifest.not_included.length > 0 && (
        <p className="soft">
          Not in any package: <Untrusted text={manifest.not_included.map(leftOutName).join(', ')} />.
        </p>
      )}
      <p className="soft">
        This is what the file claims. The server checks every byte and row of it before you confirm anything.
      </p>
    </section>
  );
};

const Problems = ({ of }: { of: Chosen['problems'] }) => (
  <div className="problem" role="alert">
    <h3>{of.length === 1 ? 'This file cannot be used' : 'These files cannot be used'}</h3>
    <p>Nothing was sent, and nothing was changed.</p>
    <ul>
      {of.map(({ name, code, message }) => (
        <li key={`${name} ${code}`}>
          <strong>
            <Untrusted text={name} />
          </strong>
          : <Untrusted text={message} />. <Said text={adviceOf(code)} />
        </li>
      ))}
    </ul>
  </div>
);

/** @param onChosen gets what can be used, or undefined */
export const Pick = ({ onChosen }: { onChosen: (chosen: Chosen | undefined) => void }) => {
  const [chosen, setChosen] = useState<Chosen>();
  const [isLooking, setLooking] = useState(false);
  const about = useId();
  const look = async (files: File[]) => {
    if (files.length === 0) return;
    setLooking(true);
    const found = await lookAt(files);
    setLooking(false);
    setChosen(found);
    onChosen(found.problems.length === 0 ? found : undefined);
  };
  return (
    <>
      <DropZone
        className="drop"
        aria-label="Drop the file here"
        onDrop={async ({ items }) => {
          const files = items.filter((item) => item.kind === 'file');
          await look(await Promise.all(files.map((item) => item.getFile())));
        }}
      >
        <Text slot="label">Drop the .fzip file here, or all volumes of a set together</Text>
        <FileTrigger
          allowsMultiple
          acceptedFileTypes={['.fzip', '.zip']}
          onSelect={(list) => void look([...(list ?? [])])}
        >
          <Button
            kind={chosen?.problems.length === 0 ? 'quiet' : 'main'}
            isPending={isLooking}
            aria-describedby={about}
          >
            {chosen ? 'Choose another file' : 'Choose the file'}
          </Button>
        </FileTrigger>
        <p id={about} className="soft">
          It is looked at on this computer first. Nothing is sent yet.
        </p>
      </DropZone>
      <div role="status">{isLooking && <p className="soft">Looking at the file…</p>}</div>
      {chosen && chosen.problems.length > 0 && <Problems of={chosen.problems} />}
      {chosen && chosen.problems.length === 0 && <PackagePreview chosen={chosen} />}
    </>
  );
};
