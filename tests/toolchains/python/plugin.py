"""What was seen in an apiary's hives, and the honey that was taken out of them. The contract is
wit/levain-domain.wit."""

# uuid imports it when it first needs it, and by then there are no files to import from.
import hashlib  # noqa: F401
import json
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from componentize_py_types import Err
from wit_world import exports
from wit_world.imports import host
from wit_world.imports.types import (
    CleanupPlan,
    EntityCount,
    FixtureFault,
    Level,
    PluginError_InvalidFixture,
    Segment,
    SessionContext,
)



class Fields(NamedTuple):
    """What is to be done with an entity's fields; every other one is as the fixture has it."""

    ids: tuple[str, ...]
    lists_of_ids: tuple[str, ...]
    instants: tuple[str, ...]


ENTITIES = {
    "inspection": Fields(("hive_id", "keeper_id"), (), ("seen_at", "next_at")),
    "lot": Fields(("spun_by",), ("hive_ids",), ("spun_at", "best_before")),
}

# The records of each entity, once they are prepared.
prepared: dict[str, list[dict[str, Any]]] = {}


class Lifecycle(exports.Lifecycle):
    """The domain."""

    def prepare(self, slice: list[Segment]) -> None:
        for segment in slice:
            prepared[segment.entity] = read(segment.entity, segment.rows)

    def clone(self, ctx: SessionContext) -> list[Segment]:
        tenant, base_tenant = UUID(ctx.tenant_id), UUID(ctx.base_tenant_id)
        by = timedelta(microseconds=ctx.session_created_at - ctx.base_reference)

        def own(text: str) -> str:
            base = UUID(text)
            return str(tenant if base == base_tenant else uuid5(tenant, base.bytes))

        def clone_of(record: dict[str, Any], fields: Fields) -> dict[str, Any]:
            clone = dict(record)
            clone["id"] = own(record["id"])
            clone["tenant_id"] = str(tenant)
            for field in fields.ids:
                clone[field] = own(record[field])
            for field in fields.lists_of_ids:
                clone[field] = [own(text) for text in record[field]]
            for field in fields.instants:
                if record[field] is not None:
                    clone[field] = told(instant(record[field]) + by)
            return clone

        segments = []
        for entity, fields in ENTITIES.items():
            if entity in prepared:
                rows = [clone_of(record, fields) for record in prepared[entity]]
                text = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
                segments.append(Segment(entity, text))
        host.log(Level.DEBUG, f"{len(segments)} entities cloned in Python")
        return segments

    def cleanup(self, ctx: SessionContext, held: list[EntityCount]) -> CleanupPlan:
        order = list(ENTITIES)
        return CleanupPlan(sorted(held, key=lambda count: order.index(count.entity)), [])


def read(entity: str, rows: str) -> list[dict[str, Any]]:
    """Reads a segment of the fixtures. Whatever is wrong with it is said here, so that a clone need not look."""
    fields = ENTITIES.get(entity)
    if fields is None:
        raise refusal(entity, None, f"there are {' and '.join(ENTITIES)} here")
    try:
        records = json.loads(rows)
    except ValueError as error:
        raise refusal(entity, None, f"it is not JSON: {error}")
    if not isinstance(records, list):
        raise refusal(entity, None, "it is not an array of records")
    for place, record in enumerate(records):
        if not isinstance(record, dict):
            raise refusal(entity, str(place), "it is not an object")
        if not is_uuid(record.get("id")):
            raise refusal(entity, str(place), "`id` is not a UUID")
        for field in fields.ids:
            if not is_uuid(record.get(field)):
                raise refusal(entity, record["id"], f"`{field}` is not a UUID")
        for field in fields.lists_of_ids:
            ids = record.get(field)
            if not isinstance(ids, list) or not all(map(is_uuid, ids)):
                raise refusal(entity, record["id"], f"`{field}` is not an array of UUIDs")
        for field in fields.instants:
            if record.get(field) is not None and not is_instant(record[field]):
                raise refusal(entity, record["id"], f"`{field}` is not an instant in UTC")
    return records


def refusal(entity: str, record: str | None, reason: str) -> Err:
    return Err(PluginError_InvalidFixture(FixtureFault(entity, record, reason)))


def is_uuid(value: Any) -> bool:
    try:
        return isinstance(value, str) and str(UUID(value)) == value
    except ValueError:
        return False


def is_instant(value: Any) -> bool:
    try:
        return isinstance(value, str) and value.endswith("Z") and "T" in value and bool(instant(value))
    except ValueError:
        return False


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def told(at: datetime) -> str:
    """RFC 3339 in UTC, with six digits of a second's fraction where it has one."""
    return at.astimezone(timezone.utc).replace(tzinfo=None).isoformat() + "Z"
