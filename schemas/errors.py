"""What can be wrong with a record, as a closed list of reasons that partners can act on.

RecordRejected      raised by readers and the codec for one record; the caller sends the record to `rejected.*`
                    (or to `FILE.refused.csv`) with the reason and goes on with the next one
"""

from enum import StrEnum


class Reason(StrEnum):
    """Why a record was refused; the values are stable and part of the treaty."""

    # the bytes
    EMPTY = "empty"
    TOO_LARGE = "too_large"
    NOT_UTF8 = "not_utf8"
    NOT_JSON = "not_json"
    NOT_AN_OBJECT = "not_an_object"
    DUPLICATE_KEY = "duplicate_key"
    NOT_FINITE = "not_finite"
    # the row of a file
    UNREADABLE_ROW = "unreadable_row"
    WRONG_CELL_COUNT = "wrong_cell_count"
    UNKNOWN_COLUMN = "unknown_column"
    # the fields
    MISSING_FIELD = "missing_field"
    WRONG_TYPE = "wrong_type"
    UNKNOWN_VALUE = "unknown_value"
    OUT_OF_RANGE = "out_of_range"
    BAD_DATE = "bad_date"
    BAD_TIME = "bad_time"
    NAIVE_TIME = "naive_time"
    TOO_LONG = "too_long"
    CONTROL_CHARACTER = "control_character"
    UNSUPPORTED_VERSION = "unsupported_version"
    # the meaning
    UNKNOWN_CHECKPOINT = "unknown_checkpoint"
    WRONG_PROVINCE = "wrong_province"
    WRONG_CHECKPOINT = "wrong_checkpoint"
    NO_IDENTITY = "no_identity"
    RAW_IDENTITY = "raw_identity"
    BAD_MRZ = "bad_mrz"
    BAD_TOKEN = "bad_token"
    UNKNOWN_KEY_ID = "unknown_key_id"
    # the place in Kafka
    KEY_MISMATCH = "key_mismatch"
    WRONG_PARTITION = "wrong_partition"
    # the store
    STORE_REFUSED = "store_refused"


MEND: dict[Reason, str] = {
    Reason.EMPTY: "send a record, not an empty message or line",
    Reason.TOO_LARGE: "a record has at most 256 KiB: remove what does not belong to it",
    Reason.NOT_UTF8: "save the file as UTF-8",
    Reason.NOT_JSON: "write one complete JSON object a line",
    Reason.NOT_AN_OBJECT: "write a JSON object { … }, not a list, text or number",
    Reason.DUPLICATE_KEY: "name each key once",
    Reason.NOT_FINITE: "leave unknown numbers empty; NaN and Infinity are no values",
    Reason.UNREADABLE_ROW: "check quotes and line breaks in this row",
    Reason.WRONG_CELL_COUNT: "give the row as many cells as the header has; quote cells that contain the delimiter",
    Reason.UNKNOWN_COLUMN: "remove the column: this file carries nothing beyond its documented columns",
    Reason.MISSING_FIELD: "fill in the named field",
    Reason.WRONG_TYPE: "write the named field in its documented form",
    Reason.UNKNOWN_VALUE: "use one of the documented words",
    Reason.OUT_OF_RANGE: "check the value of the named field",
    Reason.BAD_DATE: "write dates as YYYY-MM-DD",
    Reason.BAD_TIME: "write times in ISO 8601 with an offset, such as 2026-11-03T09:30:00+08:00",
    Reason.NAIVE_TIME: "add the offset from UTC to the time, such as +07:00 or +08:00",
    Reason.TOO_LONG: "shorten the named field",
    Reason.CONTROL_CHARACTER: "remove control characters from the named field",
    Reason.UNSUPPORTED_VERSION: "publish with a schema_version that this installation knows",
    Reason.UNKNOWN_CHECKPOINT: "use a checkpoint_id of the reference list",
    Reason.WRONG_PROVINCE: "publish a checkpoint's events to its own province's topic",
    Reason.WRONG_CHECKPOINT: "publish with the key of that checkpoint, or ask for a key that covers it",
    Reason.NO_IDENTITY: "give a name or a document number",
    Reason.RAW_IDENTITY: "take the identity number, name or phone out of the named field",
    Reason.BAD_MRZ: "scan the document again, or type its data in by hand",
    Reason.BAD_TOKEN: "publish through `lintas publish`: identities travel as tokens only",
    Reason.UNKNOWN_KEY_ID: "use the linkage key that the provinces agreed on",
    Reason.KEY_MISMATCH: "the Kafka key must be the record's block",
    Reason.WRONG_PARTITION: "publish with the murmur2 partitioner of the Java client and kafka-python",
    Reason.STORE_REFUSED: "the store refused this record's data: see the server's error code",
}


class RecordRejected(Exception):
    """One record that cannot be taken; carries a stable reason and never a value of the record."""

    def __init__(self, reason: Reason, message: str, *, field: str = "") -> None:
        super().__init__(reason, message, field)
        self.reason = reason
        self.message = message
        self.field = field

    @property
    def mend(self) -> str:
        """What the sender can do about it."""
        return MEND[self.reason]

    def __str__(self) -> str:
        place = f"{self.field}: " if self.field else ""
        return f"{place}{self.message} ({self.reason}); {self.mend}"

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (self.reason, self.message, self.field)


def _rebuild(reason: Reason, message: str, field: str) -> RecordRejected:
    return RecordRejected(reason, message, field=field)
