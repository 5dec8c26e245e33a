/** The line that runs a seed again, with its trace. */
export const replayLine = (seed: number): string => `npm run simulate -- --seed ${seed} --trace`;
