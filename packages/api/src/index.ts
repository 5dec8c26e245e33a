export * from './app.ts';
export * from './client.ts';
export { type ApiContext, type ApiEnv, gatewayUser, type Identify } from './context.ts';
export { type ErrorBody, type ErrorCode, type ErrorDetail, errorCodes, type FullProfile } from './errors.ts';
export { openapiDocument } from './openapi.ts';
export type * from './restore-schemas.ts';
export type * from './schemas.ts';
export type * from './validation-schemas.ts';
