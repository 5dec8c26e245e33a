/** The restore half of `npm run demo`: into a fresh user, compared with what it came from. */
import { compareRestored, type RestoredComparison } from './compare-restored.ts';
import { compareTwins, type TwinComparison } from './compare-twins.ts';
import type { Display } from './display.ts';
import type { Engine } from './engine.ts';
import type { Findings } from './findings.ts';
import type { Downloaded } from './main-job.ts';
import { type RestoreResult, runRestoreJob, showRestore } from './restore-job.ts';
import { changesBetween, fingerprint } from './stored-profile.ts';

export type Stage = { engine: Engine; display: Display; signal: AbortSignal };
export type Restored<C extends Findings> = { userId: string; result: RestoreResult; comparison: C };

/** Restores a user's package into `{user}-restored`, in the same tables; the user's own rows and files must stay as they are. */
export const restoreTwin = async (
  stage: Stage,
  sourceUser: string,
  volumes: readonly Downloaded[],
): Promise<Restored<TwinComparison>> => {
  const { wiring } = stage.engine;
  const before = await fingerprint(wiring, sourceUser);
  const userId = `${sourceUser}-restored`;
  const result = await restoreInto(
    stage,
    userId,
    volumes.map(({ path }) => path),
  );
  const comparison = await compareTwins(wiring, sourceUser, userId);
  const changes = changesBetween(sourceUser, before, await fingerprint(wiring, sourceUser));
  comparison.differences.unshift(...changes);
  comparison.count += changes.length;
  return { userId, result, comparison };
};

/** Restores a package of whatever maker; on a fresh store its ids are kept. */
export const restoreGiven = async (
  stage: Stage,
  userId: string,
  file: string,
): Promise<Restored<RestoredComparison>> => {
  const result = await restoreInto(stage, userId, [file]);
  return { userId, result, comparison: await compareRestored(stage.engine.wiring, userId, file) };
};

const restoreInto = async (
  { engine, display, signal }: Stage,
  userId: string,
  files: readonly string[],
): Promise<RestoreResult> => {
  const token = async () => (await engine.token(userId)).token;
  display.line(`restoring into the empty profile of ${userId}`);
  const result = await runRestoreJob({ baseUrl: engine.url, token, files, display, signal });
  showRestore(display, result);
  return result;
};

export const restoreSummary = ({
  userId,
  result: { status, size, took },
  comparison: { differences, count, ...compared },
}: Restored<Findings>) => ({
  userId,
  restoreId: status.restoreId,
  idMode: status.idMode,
  restored: status.restoreResults,
  warnings: status.validationResults?.warnings ?? [],
  uploadedBytes: size,
  tookMs: Math.round(took),
  compared,
  differenceCount: count,
  differences,
});
