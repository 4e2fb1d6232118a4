import { createHmac } from 'node:crypto';

const secret = '!ChangeThisMercureHubJWTSecretKey!';

/** What tokens grant: topics, by action. */
export interface Rights {
  readonly publish?: readonly string[];
  readonly subscribe?: readonly string[];
}

/** A token of protocol 0.x. */
export function legacyToken(rights: Rights): string {
  return sign({ alg: 'HS256', typ: 'JWT' }, { mercure: rights });
}

/** A token of protocol 1.0, good for so many seconds. */
export function modernToken(rights: Rights, seconds = 60): string {
  const details = Object.entries(rights).map(([action, topics]: [string, readonly string[]]) => ({
    type: 'https://mercure.rocks/authorization-detail',
    actions: [action],
    topics: topics.map((match) => ({ match })),
  }));
  return sign({ alg: 'HS256', typ: 'at+jwt' }, {
    iss: 'https://localhost',
    aud: 'https://localhost/.well-known/mercure',
    exp: Math.floor(Date.now() / 1_000) + seconds,
    authorization_details: details,
  });
}

function sign(header: object, claims: object): string {
  const signed = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}
