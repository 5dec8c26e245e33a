/** What the pages know of the server, and how often they look again. */
import type { FzipClient } from '@fzip/api/client';
import { QueryClient, useQuery } from '@tanstack/react-query';
import { createContext, useContext } from 'react';
import { backupMoves, pollAfter, restoreMoves } from './jobs.ts';
import { isPassing } from './words/errors.ts';

export const ClientContext = createContext<FzipClient | undefined>(undefined);

/** @throws outside of a signed-in page */
export const useClient = (): FzipClient => {
  const client = useContext(ClientContext);
  if (!client) throw new Error('no client: nobody is signed in');
  return client;
};

/** Attempts after the first, for what may pass. */
const retries = 2;

export const makeQueryClient = (): QueryClient =>
  new QueryClient({
    defaultOptions: {
      queries: {
        retry: (count, error) => count < retries && isPassing(error),
        retryDelay: (count) => 500 * 2 ** count,
        refetchIntervalInBackground: true,
        staleTime: 2_000,
      },
      mutations: { retry: false, networkMode: 'always' },
    },
  });

export const pageSize = 20;

export const keys = {
  profile: ['profile'] as const,
  choices: ['choices'] as const,
  backups: ['backups'] as const,
  backup: (id: string) => ['backup', id] as const,
  check: (id: string) => ['check', id] as const,
  restores: ['restores'] as const,
  restore: (id: string) => ['restore', id] as const,
  clear: (id: string) => ['clear', id] as const,
};

const isHidden = () => document.hidden;
const poll = (moves: boolean, waits = false) => pollAfter(moves, { hidden: isHidden(), waits });

export const useProfile = () => {
  const client = useClient();
  return useQuery({ queryKey: keys.profile, queryFn: ({ signal }) => client.profile({ signal }) });
};

export const useChoices = (enabled: boolean) => {
  const client = useClient();
  return useQuery({ queryKey: keys.choices, queryFn: ({ signal }) => client.choices({ signal }), enabled });
};

export const useBackups = (page = 1, asOf?: number, limit = pageSize) => {
  const client = useClient();
  return useQuery({
    queryKey: [...keys.backups, { page, asOf, limit }],
    queryFn: ({ signal }) =>
      client.listBackups({ signal, limit, offset: (page - 1) * limit, ...(asOf === undefined ? {} : { asOf }) }),
    placeholderData: (before) => before,
    refetchInterval: ({ state }) => poll(state.data?.backups.some(({ status }) => backupMoves[status]) ?? false),
  });
};

export const useBackup = (id: string) => {
  const client = useClient();
  return useQuery({
    queryKey: keys.backup(id),
    queryFn: ({ signal }) => client.backupStatus(id, { signal }),
    refetchInterval: ({ state }) => poll(state.data ? backupMoves[state.data.status] : false),
  });
};

export const useCheck = (backupId: string, validationId: string) => {
  const client = useClient();
  return useQuery({
    queryKey: keys.check(validationId),
    queryFn: ({ signal }) => client.validationStatus(backupId, validationId, { signal }),
    refetchInterval: ({ state }) => poll(state.data?.status === 'processing'),
  });
};

export const useRestores = (limit = pageSize, after?: string) => {
  const client = useClient();
  return useQuery({
    queryKey: [...keys.restores, { limit, after }],
    queryFn: ({ signal }) =>
      client.listRestores({ signal, limit, ...(after === undefined ? {} : { lastEvaluatedKey: after }) }),
    placeholderData: (before) => before,
    refetchInterval: ({ state }) => {
      const moving = state.data?.restoreJobs.filter(({ status }) => restoreMoves[status]) ?? [];
      const waits = moving.every(({ status }) => status === 'uploaded' || status === 'awaiting_confirmation');
      return poll(moving.length > 0, waits);
    },
  });
};

export const useRestore = (id: string) => {
  const client = useClient();
  return useQuery({
    queryKey: keys.restore(id),
    queryFn: ({ signal }) => client.restoreStatus(id, { signal }),
    refetchInterval: ({ state }) => {
      const status = state.data?.status;
      return poll(status ? restoreMoves[status] : false, status === 'awaiting_confirmation');
    },
  });
};

export const useClear = (id: string | undefined) => {
  const client = useClient();
  return useQuery({
    queryKey: keys.clear(id ?? ''),
    queryFn: ({ signal }) => client.clearStatus(id ?? '', { signal }),
    enabled: id !== undefined,
    refetchInterval: ({ state }) => poll(state.data?.status === 'processing'),
  });
};
