/** How good a backup is, in words: what was found, what to do, and every file that is not in it. */
import type { BackupStatus } from '@fzip/api/schemas';
import { duration, number } from '../format.ts';
import { leftOutName, qualities } from '../words/names.ts';
import { Card } from './page.tsx';
import { Badge, Facts, Texts, Untrusted } from './text.tsx';

export const Quality = ({ backup }: { backup: BackupStatus }) => {
  const { validation, failedFiles, failedFilesCount, notIncluded } = backup;
  if (!validation) return null;
  const named = qualities[validation.overall_quality];
  return (
    <Card title="Quality">
      <p className="lead">
        <Badge tone={named.tone}>{named.name}</Badge> {named.means}
      </p>
      <Facts
        of={[
          ['Integrity', `${number(validation.data_integrity_score)} of 100`],
          ['Completeness', `${number(validation.completeness_score)} of 100`],
          [
            'Files',
            `${number(validation.files_processed)} in it, ${number(validation.files_failed)} could not be read`,
          ],
          ['Made in', duration(validation.processing_time_seconds * 1_000)],
        ]}
      />
      {validation.issues.length > 0 && (
        <>
          <h3>What was found</h3>
          <Texts of={validation.issues} />
        </>
      )}
      {validation.recommendations.length > 0 && (
        <>
          <h3>What to do</h3>
          <Texts of={validation.recommendations} />
        </>
      )}
      {failedFiles.length > 0 && (
        <>
          <h3>Files that are not in it</h3>
          <ul>
            {failedFiles.map(({ fileId, fileName, reason }) => (
              <li key={fileId}>
                <strong>
                  <Untrusted text={fileName} />
                </strong>
                : <Untrusted text={reason} />
              </li>
            ))}
          </ul>
          {failedFilesCount > failedFiles.length && (
            <p className="soft">and {number(failedFilesCount - failedFiles.length)} more</p>
          )}
        </>
      )}
      {notIncluded.length > 0 && (
        <p className="soft">No package holds these of a profile: {notIncluded.map(leftOutName).join(', ')}.</p>
      )}
    </Card>
  );
};
