/** The files of a backup: download them, and copy the checksums that prove a copy. */
import type { BackupStatus } from '@fzip/api/schemas';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { plural, size } from '../format.ts';
import { useClient } from '../queries.ts';
import { Button } from './button.tsx';
import { Card } from './page.tsx';
import { Problem } from './states.tsx';

/** Between two downloads of a set: browsers drop one that begins with another. */
const betweenMs = 1_500;

/** The storage names the file and sends it as an attachment, so that the page stays. */
const follow = (link: string): void => {
  const anchor = document.createElement('a');
  anchor.href = link;
  anchor.rel = 'noreferrer';
  anchor.click();
};

export const Copy = ({ text, name }: { text: string; name: string }) => {
  const [said, setSaid] = useState('');
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => setSaid('Copied'),
      () => setSaid('The browser does not allow it; select the text and copy it'),
    );
  return (
    <>
      <Button kind="plain" aria-label={`Copy ${name}`} onPress={() => void copy()}>
        Copy
      </Button>
      <span role="status" className="soft">
        {said}
      </span>
    </>
  );
};

export const Volumes = ({
  backup: { backupId, volumes, packageSize, manifest_checksums },
}: {
  backup: BackupStatus;
}) => {
  const client = useClient();
  const download = useMutation({
    mutationFn: async (numbers: number[]) => {
      for (const [index, volume] of numbers.entries()) {
        if (index > 0) await new Promise((resolve) => setTimeout(resolve, betweenMs));
        follow(await client.downloadUrl(backupId, { volume }));
      }
    },
  });
  const isSet = volumes.length > 1;
  const all = volumes.map(({ number }) => number);
  return (
    <Card title="Download">
      <div className="actions">
        <Button kind="main" isPending={download.isPending} onPress={() => download.mutate(all)}>
          {isSet ? `Download all ${plural(all.length, 'volume', 'volumes')}` : 'Download'}
          {packageSize === undefined ? '' : ` (${size(packageSize)})`}
        </Button>
      </div>
      {isSet && (
        <p className="soft">
          To restore it, all volumes are needed together. Your browser may ask whether this page may download several
          files.
        </p>
      )}
      <p className="soft">
        Keep the file where FZIP is not: on another disk, or with another provider. It is not encrypted.
      </p>
      {download.error && <Problem error={download.error} />}
      <details>
        <summary>Checksums (SHA-256)</summary>
        <ul className="sums">
          {volumes.map(({ number, sha256, size: bytes }) => (
            <li key={number}>
              <span>
                {isSet ? `Volume ${number}` : 'The file'}, {size(bytes)}
              </span>
              {isSet && (
                <Button kind="plain" onPress={() => download.mutate([number])}>
                  Download volume {number}
                </Button>
              )}
              <code>{sha256}</code>
              <Copy text={sha256} name={isSet ? `the checksum of volume ${number}` : 'the checksum of the file'} />
            </li>
          ))}
          {Object.entries(manifest_checksums ?? {}).map(([name, sum]) => (
            <li key={name}>
              <span>{name}</span>
              <code>{sum}</code>
              <Copy text={sum} name={`the checksum of ${name}`} />
            </li>
          ))}
        </ul>
      </details>
    </Card>
  );
};
