// Instants as text (RFC 3339, UTC) and as microseconds since the epoch, which are more than a number holds exactly.

const INSTANT = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?Z$/;
const SECOND = 1_000_000n;

/** The microseconds of a text; null where it is none of an instant. */
export function parse(text) {
  const parts = typeof text === 'string' ? INSTANT.exec(text) : null;
  if (parts === null) return null;
  const [, whole, fraction = ''] = parts;
  const milliseconds = Date.parse(`${whole}Z`);
  // The engine takes 30 February for a day in March.
  if (Number.isNaN(milliseconds) || !new Date(milliseconds).toISOString().startsWith(whole)) return null;
  return BigInt(milliseconds) * 1000n + BigInt(fraction.padEnd(6, '0'));
}

/** The text of an instant, with six digits of a second's fraction where it has one. */
export function format(instant) {
  const fraction = ((instant % SECOND) + SECOND) % SECOND;
  const whole = new Date(Number((instant - fraction) / 1000n)).toISOString().slice(0, 19);
  return fraction === 0n ? `${whole}Z` : `${whole}.${fraction.toString().padStart(6, '0')}Z`;
}
