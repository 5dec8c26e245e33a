/** What a job asks of the services: calls by name, DynamoDB's units, bytes. Counted in the SDK's clients, so retries are one call. */
import type { AwsClients } from '@fzip/aws';

export type Requests = {
  /** By service, command and what it is for: `dynamodb.Query transactions`, `dynamodb.Query transactions, ids only`. */
  calls: Record<string, number>;
  /** Of DynamoDB, by the same names. */
  units: Record<string, number>;
};

type Input = {
  TableName?: string;
  RequestItems?: Record<string, unknown[]>;
  ProjectionExpression?: string;
  Select?: string;
  Key?: string;
};
type Capacity = { CapacityUnits?: number };
type Output = { ConsumedCapacity?: Capacity | Capacity[] };

const consuming = new Set([
  'QueryCommand',
  'PutItemCommand',
  'UpdateItemCommand',
  'GetItemCommand',
  'DeleteItemCommand',
  'BatchWriteItemCommand',
  'BatchGetItemCommand',
]);

/** Begins to count; `take` gives what was counted since it was asked last. */
export const countRequests = (clients: AwsClients): { take(): Requests } => {
  let [calls, units]: [Requests['calls'], Requests['units']] = [{}, {}];
  const add = (to: Record<string, number>, name: string, more: number): void => {
    to[name] = (to[name] ?? 0) + more;
  };
  const services = { dynamodb: clients.dynamodb, s3: clients.s3, sqs: clients.sqs, sns: clients.sns };
  for (const [service, client] of Object.entries(services)) {
    // The four clients' stacks have one shape, and types that know nothing of one another.
    const stack = (client as AwsClients['dynamodb']).middlewareStack;
    stack.add(
      (next, context) => async (args) => {
        const command = context.commandName ?? '';
        const input = args.input as Input;
        const name = `${service}.${command.replace(/Command$/, '')}${purpose(input)}`;
        add(calls, name, 1);
        const isAsked = service === 'dynamodb' && consuming.has(command);
        const result = await next(
          isAsked ? { ...args, input: { ...args.input, ReturnConsumedCapacity: 'TOTAL' } } : args,
        );
        const { ConsumedCapacity = [] } = result.output as Output;
        for (const { CapacityUnits = 0 } of [ConsumedCapacity].flat()) add(units, name, CapacityUnits);
        return result;
      },
      { step: 'initialize', name: `count ${service}` },
    );
  }
  return {
    take: () => {
      const taken = { calls, units };
      [calls, units] = [{}, {}];
      return taken;
    },
  };
};

const purpose = ({ TableName, RequestItems, ProjectionExpression, Select, Key }: Input): string => {
  const table = TableName ?? Object.keys(RequestItems ?? {})[0];
  if (table !== undefined)
    return ` ${table}${ProjectionExpression ? ', ids only' : Select === 'COUNT' ? ', counting' : ''}`;
  return Key === undefined ? '' : ` ${Key.split('/')[0]}`;
};
