/** Checks of a stored backup: what they found last, and starting another. */
import type { BackupStatus } from '@fzip/api/schemas';
import { useMutation } from '@tanstack/react-query';
import { useRef } from 'react';
import { Link, useNavigate } from 'react-router';
import { plural } from '../format.ts';
import { useClient } from '../queries.ts';
import { urls } from '../urls.ts';
import { isPassing } from '../words/errors.ts';
import { checks } from '../words/names.ts';
import { Button } from './button.tsx';
import { Card } from './page.tsx';
import { Problem } from './states.tsx';
import { Badge, When } from './text.tsx';

type Mode = keyof typeof checks;
const modes = Object.keys(checks) as Mode[];

export const Checks = ({ backup: { backupId, validations } }: { backup: BackupStatus }) => {
  const client = useClient();
  const navigate = useNavigate();
  const idempotencyKey = useRef(crypto.randomUUID());
  const check = useMutation({
    mutationFn: (mode: Mode) => client.validateBackup(backupId, { mode }, { idempotencyKey: idempotencyKey.current }),
    onSuccess: ({ validationId }) => void navigate(urls.check(backupId, validationId)),
    onError: (error) => {
      // Of what got no answer it is not known whether it was done: then the key stays, and asking again is the same request.
      if (!isPassing(error)) idempotencyKey.current = crypto.randomUUID();
    },
  });
  return (
    <Card title="Check it">
      <ul className="checks">
        {modes.map((mode) => {
          const last = validations?.[mode];
          return (
            <li key={mode}>
              <div>
                <strong>{checks[mode].name}</strong>
                <p className="soft">{checks[mode].means}</p>
                {last && (
                  <p>
                    <Found ok={last.ok} damaged={last.damaged} mode={mode} />{' '}
                    <Link to={urls.check(backupId, last.validationId)}>
                      {last.issueCount > 0 ? plural(last.issueCount, 'finding', 'findings') : 'Result'},{' '}
                      <When at={last.at} short />
                    </Link>
                  </p>
                )}
              </div>
              <Button
                isPending={check.isPending && check.variables === mode}
                aria-label={`Start: ${checks[mode].name}`}
                onPress={() => check.mutate(mode)}
              >
                Start
              </Button>
            </li>
          );
        })}
      </ul>
      {check.error && <Problem error={check.error} />}
    </Card>
  );
};

export const Found = ({ ok, damaged, mode }: { ok: boolean; damaged: boolean; mode: Mode }) => {
  if (damaged) return <Badge tone="bad">Damaged</Badge>;
  if (ok)
    return <Badge tone="good">{mode === 'round_trip' ? 'Proven' : mode === 'compare' ? 'The same' : 'Intact'}</Badge>;
  return <Badge tone="warn">{mode === 'compare' ? 'Different' : 'Look at it'}</Badge>;
};
