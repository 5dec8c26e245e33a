/** The topic that tells what happened. DESIGN.md section 6. */

import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import { type EventBus, eventAttributes } from '@fzip/core';

/** The event bus on one SNS topic. Subscribers may filter by `eventType`, `userId` and `jobType`. */
export const snsEvents = (sns: SNSClient, topicArn: string): EventBus => ({
  publish: async (event, jobType) => {
    const attributes = Object.entries(eventAttributes(event, jobType));
    await sns.send(
      new PublishCommand({
        TopicArn: topicArn,
        Message: JSON.stringify(event),
        MessageAttributes: Object.fromEntries(
          attributes.map(([name, value]) => [name, { DataType: 'String', StringValue: value }]),
        ),
      }),
    );
  },
});
