/** Clears the profile: what will go, a typed word that it is meant, and how far it is. The job stands in the address. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useEffect, useState } from 'react';
import { Checkbox, Input, Label, Text, TextField } from 'react-aria-components';
import { useNavigate, useSearchParams } from 'react-router';
import { number } from '../format.ts';
import { keys, useClear, useClient, useProfile } from '../queries.ts';
import { Button, ButtonLink } from '../ui/button.tsx';
import { Ended } from '../ui/ended.tsx';
import { Card, Page } from '../ui/page.tsx';
import { Progress } from '../ui/progress.tsx';
import { Await, Problem } from '../ui/states.tsx';
import { Untrusted } from '../ui/text.tsx';
import { Tiles } from '../ui/tiles.tsx';
import { urls } from '../urls.ts';
import { useUser } from '../user.ts';
import { codeOf } from '../words/errors.ts';
import { kindNames, kinds } from '../words/names.ts';

const Ask = () => {
  const client = useClient();
  const user = useUser();
  const profile = useProfile();
  const navigate = useNavigate();
  const [typed, setTyped] = useState('');
  const [withoutBackup, setWithout] = useState(false);
  const [isWrong, setWrong] = useState(false);
  const clear = useMutation({
    mutationFn: () => client.clearProfile({ confirm: typed, withoutBackup }),
    onSuccess: ({ clearId }) => void navigate(urls.clear(clearId), { replace: true }),
  });
  const lacksBackup = clear.error && codeOf(clear.error) === 'NO_BACKUP';
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setWrong(typed !== user);
    if (typed === user) clear.mutate();
  };
  return (
    <Await query={profile} what="your profile">
      {({ counts, exact, empty }) =>
        empty ? (
          <Card title="The profile is empty already" tone="good">
            <p>There is nothing to clear.</p>
            <ButtonLink kind="main" to={urls.newRestore()}>
              Restore a backup
            </ButtonLink>
          </Card>
        ) : (
          <form onSubmit={submit} className="form">
            <Card title="This deletes everything" tone="bad">
              <p>
                All of this is deleted for good, with every version of every file. Only a backup brings it back.
                {!exact && ' There is at least:'}
              </p>
              <Tiles of={counts} />
              <p>
                It is refused while a backup or restore runs, and as long as there is no backup to download that holds
                all of it.
              </p>
              <TextField
                value={typed}
                onChange={(text) => {
                  setTyped(text);
                  setWrong(false);
                }}
                isInvalid={isWrong}
                validationBehavior="aria"
                autoComplete="off"
              >
                <Label>
                  Type your user id to confirm: <Untrusted text={user} />
                </Label>
                <Input spellCheck="false" />
                {isWrong && (
                  <Text slot="errorMessage" className="error">
                    That is not your user id. Nothing was cleared.
                  </Text>
                )}
              </TextField>
              {clear.error && (
                <Problem error={clear.error}>
                  {lacksBackup && <ButtonLink to={urls.newBackup}>Make a backup</ButtonLink>}
                </Problem>
              )}
              {(lacksBackup || withoutBackup) && (
                <Checkbox isSelected={withoutBackup} onChange={setWithout} className="check">
                  <span className="box" aria-hidden="true" />I do not want a backup. Delete it for good.
                </Checkbox>
              )}
              <div className="actions">
                <Button kind="danger" type="submit" isPending={clear.isPending}>
                  Clear the profile
                </Button>
                <ButtonLink to={urls.newBackup}>Back it up first</ButtonLink>
                <ButtonLink to={urls.overview}>Leave it as it is</ButtonLink>
              </div>
            </Card>
          </form>
        )
      }
    </Await>
  );
};

const Clearing = ({ clearId }: { clearId: string }) => {
  const query = useClear(clearId);
  const queries = useQueryClient();
  const isDone = query.data?.status === 'completed';
  useEffect(() => {
    if (isDone) void queries.invalidateQueries({ queryKey: keys.profile });
  }, [isDone, queries]);
  return (
    <Await query={query} what="the clearing">
      {({ status, progress, cleared, error }) => (
        <>
          {status === 'processing' && (
            <Card title="Clearing">
              <Progress label="Deleting" value={progress}>
                You can leave this page. It goes on.
              </Progress>
            </Card>
          )}
          {status === 'completed' && (
            <Card
              title="The profile is empty"
              tone="good"
              actions={
                <ButtonLink kind="main" to={urls.newRestore()}>
                  Restore a backup
                </ButtonLink>
              }
            >
              <p role="status">
                {cleared
                  ? `Deleted: ${kindNames
                      .filter((kind) => cleared[kind] > 0)
                      .map(
                        (kind) =>
                          `${number(cleared[kind])} ${cleared[kind] === 1 ? kinds[kind].one : kinds[kind].many}`,
                      )
                      .join(', ')}.`
                  : 'Everything was deleted.'}
              </p>
            </Card>
          )}
          {error && (
            <Ended error={error}>
              <ButtonLink to={urls.clear()}>Clear it again</ButtonLink>
            </Ended>
          )}
        </>
      )}
    </Await>
  );
};

const ClearProfile = () => {
  const [search] = useSearchParams();
  const clearId = search.get('job');
  return (
    <Page title="Clear the profile" back={{ to: urls.newRestore(), name: 'Restore' }}>
      {clearId ? <Clearing clearId={clearId} /> : <Ask />}
    </Page>
  );
};
export default ClearProfile;
