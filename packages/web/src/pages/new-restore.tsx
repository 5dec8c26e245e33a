/** The beginning of a restore: is the profile empty, and which file. Its steps stand in the address. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { useNavigate, useSearchParams } from 'react-router';
import type { Chosen } from '../preview/preview.ts';
import { keys, useClient, useProfile } from '../queries.ts';
import { Pick } from '../restore/pick.tsx';
import { uploads } from '../restore/uploads.ts';
import { WizardSteps } from '../restore/wizard-steps.tsx';
import { Button, ButtonLink } from '../ui/button.tsx';
import { Card, Page } from '../ui/page.tsx';
import { Await, Problem } from '../ui/states.tsx';
import { Tiles } from '../ui/tiles.tsx';
import { urls } from '../urls.ts';
import { codeOf, isPassing } from '../words/errors.ts';

const ProfileStep = () => {
  const profile = useProfile();
  return (
    <Await query={profile} what="your profile">
      {({ empty, counts, exact }) =>
        empty ? (
          <Card title="Your profile is empty" tone="good">
            <p>
              A backup can be restored into it. Nothing is written before you have read what it holds and confirmed it.
            </p>
            <div className="actions">
              <ButtonLink kind="main" to={urls.newRestore('file')}>
                Next: choose the file
              </ButtonLink>
              <ButtonLink to={urls.newRestore('file', true)}>Only check a package</ButtonLink>
            </div>
          </Card>
        ) : (
          <Card title="Your profile is not empty" tone="warn">
            <p>
              A restore goes into an empty profile only, so that nothing is mixed and nothing is overwritten. There{' '}
              {exact ? 'are' : 'are at least'}:
            </p>
            <Tiles of={Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0))} />
            <h3>What you can do</h3>
            <ol>
              <li>Make a complete backup of what is here, and download it.</li>
              <li>Clear the profile. It asks you to type your user id.</li>
              <li>Come back here and restore.</li>
            </ol>
            <div className="actions">
              <ButtonLink kind="main" to={urls.newBackup}>
                Back it up first
              </ButtonLink>
              <ButtonLink kind="danger" to={urls.clear()}>
                Clear the profile…
              </ButtonLink>
              <ButtonLink to={urls.newRestore('file', true)}>Only check a package</ButtonLink>
            </div>
          </Card>
        )
      }
    </Await>
  );
};

const FileStep = ({ checkOnly }: { checkOnly: boolean }) => {
  const client = useClient();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [chosen, setChosen] = useState<Chosen>();
  const idempotencyKey = useRef(crypto.randomUUID());
  const create = useMutation({
    mutationFn: ({ volumes, size }: Chosen) =>
      client.createRestore(
        checkOnly
          ? { validateOnly: true, volumes: volumes.length, size }
          : { requireConfirmation: true, volumes: volumes.length, size },
        { idempotencyKey: idempotencyKey.current },
      ),
    onSuccess: ({ restoreId }, { volumes }) => {
      uploads.start(
        client,
        restoreId,
        volumes.map(({ file }) => file),
      );
      void queries.invalidateQueries({ queryKey: keys.restores });
      void navigate(urls.restore(restoreId), { replace: true });
    },
    onError: (error) => {
      // Of what got no answer it is not known whether it was done: then the key stays, and asking again is the same request.
      if (!isPassing(error)) idempotencyKey.current = crypto.randomUUID();
    },
  });
  const isFull = create.error && codeOf(create.error) === 'PROFILE_NOT_EMPTY';
  return (
    <Card title={checkOnly ? 'Which package shall be checked?' : 'Which backup shall be restored?'}>
      <Pick
        onChosen={(found) => {
          setChosen(found);
          create.reset();
        }}
      />
      {create.error && (
        <Problem error={create.error}>
          {isFull && <ButtonLink to={urls.newRestore('profile')}>What is in the profile?</ButtonLink>}
        </Problem>
      )}
      <div className="actions">
        <Button
          kind="main"
          isDisabled={!chosen}
          isPending={create.isPending}
          onPress={() => chosen && create.mutate(chosen)}
        >
          {checkOnly ? 'Upload and check' : 'Upload and check; nothing is written yet'}
        </Button>
        <ButtonLink to={urls.newRestore('profile')}>Back</ButtonLink>
      </div>
    </Card>
  );
};

const NewRestore = () => {
  const [search] = useSearchParams();
  const isFile = search.get('step') === 'file';
  const checkOnly = search.get('only') === 'check';
  return (
    <Page title={checkOnly ? 'Check a package' : 'Restore a backup'} back={{ to: urls.restores, name: 'Restores' }}>
      <WizardSteps at={isFile ? 'file' : 'profile'} checkOnly={checkOnly} />
      {isFile ? <FileStep key={String(checkOnly)} checkOnly={checkOnly} /> : <ProfileStep />}
    </Page>
  );
};
export default NewRestore;
