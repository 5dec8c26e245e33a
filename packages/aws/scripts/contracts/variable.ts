/** Tells the tests where to make what they need: `{"prefix", "region"}` as JSON. */
export const contractsVariable = 'FZIP_CONTRACTS';
