// Keepers and their hives. The contract is wit/levain-domain.wit.

import { log } from 'levain:domain/host@0.1.0';

import { derive, isUuid } from './identity.js';
import { format, parse } from './time.js';

/** What is to be done with the fields of each entity; every other one is as the fixture has it. */
const ENTITIES = {
  keeper: { ids: [], instants: ['joined_at'] },
  hive: { ids: ['keeper_id', 'last_inspection_id'], instants: ['queen_hatched_at', 'settled_at'] },
};

/** The records of each entity, once they are prepared. */
const prepared = new Map();

export const lifecycle = {
  prepare(slice) {
    for (const { entity, rows } of slice) prepared.set(entity, read(entity, rows));
  },

  clone(ctx) {
    const by = ctx.sessionCreatedAt - ctx.baseReference;
    const own = (id) => (id === ctx.baseTenantId ? ctx.tenantId : derive(ctx.tenantId, id));
    const segments = [];
    for (const entity of Object.keys(ENTITIES)) {
      const records = prepared.get(entity);
      if (records === undefined) continue;
      const { ids, instants } = ENTITIES[entity];
      const cloned = records.map((record) => {
        const clone = { ...record, id: own(record.id), tenant_id: ctx.tenantId };
        for (const field of ids) if (record[field] !== null) clone[field] = own(record[field]);
        for (const field of instants) if (record[field] !== null) clone[field] = format(parse(record[field]) + by);
        return clone;
      });
      segments.push({ entity, rows: JSON.stringify(cloned) });
    }
    log('debug', `${segments.length} entities cloned in JavaScript`);
    return segments;
  },

  cleanup(_ctx, held) {
    // A hive names its keeper: hives first.
    const order = Object.keys(ENTITIES).reverse();
    const rank = ({ entity }) => order.indexOf(entity);
    return { deletions: [...held].sort((a, b) => rank(a) - rank(b)), notices: [] };
  },
};

/** Reads a segment of the fixtures. Whatever is wrong with it is said here, so that a clone need not look. */
function read(entity, rows) {
  const fields = ENTITIES[entity];
  if (fields === undefined) throw refusal(entity, undefined, `there are ${Object.keys(ENTITIES).join(' and ')} here`);
  let records;
  try {
    records = JSON.parse(rows);
  } catch (error) {
    throw refusal(entity, undefined, `it is not JSON: ${error.message}`);
  }
  if (!Array.isArray(records)) throw refusal(entity, undefined, 'it is not an array of records');
  records.forEach((record, place) => {
    if (typeof record !== 'object' || record === null || Array.isArray(record)) {
      throw refusal(entity, `${place}`, 'it is not an object');
    }
    if (!isUuid(record.id)) throw refusal(entity, `${place}`, '`id` is not a UUID');
    for (const field of fields.ids) {
      if (record[field] !== null && !isUuid(record[field])) throw refusal(entity, record.id, `\`${field}\` is not a UUID`);
    }
    for (const field of fields.instants) {
      if (record[field] !== null && parse(record[field]) === null) {
        throw refusal(entity, record.id, `\`${field}\` is not an instant in UTC`);
      }
    }
  });
  return records;
}

/** What is thrown for the contract's `invalid-fixture`. */
function refusal(entity, record, reason) {
  return { tag: 'invalid-fixture', val: { entity, record, reason } };
}
