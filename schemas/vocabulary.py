"""The words that records and partners' files may use, as closed lists."""

from enum import StrEnum


class Province(StrEnum):
    """The transit provinces, each with its own topic."""

    KEPRI = "kepri"
    KALBAR = "kalbar"
    KALTARA = "kaltara"


PROVINCE_CODES: dict[str, Province] = {"21": Province.KEPRI, "61": Province.KALBAR, "65": Province.KALTARA}
"""Kemendagri code of each transit province."""

NTT = "53"
"""Kemendagri code of Nusa Tenggara Timur."""


class Direction(StrEnum):
    """Where a traveller goes, seen from Indonesia."""

    OUT = "out"
    IN = "in"
    DOMESTIC = "domestic"


class Mode(StrEnum):
    """How a traveller goes."""

    SEA = "sea"
    AIR = "air"
    LAND = "land"
    OTHER = "other"


class DocumentType(StrEnum):
    """What a traveller showed."""

    PASSPORT = "passport"
    SPLP = "splp"
    PLB = "plb"
    KTP = "ktp"
    NONE = "none"
    OTHER = "other"


class Sex(StrEnum):
    """Sex as printed on the document; X is also what was not understood."""

    F = "F"
    M = "M"
    X = "X"


class Purpose(StrEnum):
    """What the traveller declared."""

    WORK = "work"
    RETURN_TO_WORK = "return_to_work"
    RETURN = "return"
    FAMILY = "family"
    TOURISM = "tourism"
    TRADE = "trade"
    MEDICAL = "medical"
    STUDY = "study"
    RELIGIOUS = "religious"
    SPORT = "sport"
    OFFICIAL = "official"
    TRANSIT = "transit"
    DEPORTATION = "deportation"
    OTHER = "other"


class OfficerAction(StrEnum):
    """What the officer at the checkpoint decided."""

    CLEARED = "cleared"
    POSTPONED = "postponed"
    REFUSED = "refused"
    RETURNED = "returned"
    OTHER = "other"


class DepartureEvent(StrEnum):
    """What a revision of a registration says."""

    REGISTERED = "registered"
    AMENDED = "amended"
    CANCELLED = "cancelled"
    DEPARTED = "departed"
    RETURNED = "returned"


class Source(StrEnum):
    """The registries that publish legal departures."""

    LTSA = "LTSA"
    BP3MI = "BP3MI"
    SISKOP2MI = "SISKOP2MI"
    G2G = "G2G"


class Scheme(StrEnum):
    """Placement schemes of UU 18/2017 and its regulations."""

    P_TO_P = "PtoP"
    G_TO_G = "GtoG"
    G_TO_P = "GtoP"
    PERSEORANGAN = "perseorangan"
    INTERNAL = "internal"
    OTHER = "other"


class Sector(StrEnum):
    """The sector of work that a registration is for."""

    DOMESTIC_WORK = "domestic_work"
    CAREGIVER = "caregiver"
    PLANTATION = "plantation"
    CONSTRUCTION = "construction"
    MANUFACTURING = "manufacturing"
    FISHERY = "fishery"
    SEAFARER = "seafarer"
    HOSPITALITY = "hospitality"
    OTHER = "other"


class EmployerType(StrEnum):
    """Who employs the worker."""

    HOUSEHOLD = "household"
    CORPORATE = "corporate"
    VESSEL = "vessel"
    GOVERNMENT = "government"
    OTHER = "other"


class ReportKind(StrEnum):
    """What a community report is about."""

    MISSING_PERSON = "missing_person"
    SUSPECTED_RECRUITMENT = "suspected_recruitment"
    SUSPECTED_TRAFFICKING = "suspected_trafficking"
    OTHER = "other"


class Quality(StrEnum):
    """What the publisher noticed about an identity; travels as `identity_quality`."""

    NIK_INVALID = "nik_invalid"
    NIK_SUSPECT = "nik_suspect"
    NIK_HISTORIC = "nik_historic"
    SEX_CONTRADICTS_NIK = "sex_contradicts_nik"
    BIRTH_DATE_CONTRADICTS_NIK = "birth_date_contradicts_nik"
    BIRTH_DATE_FROM_NIK = "birth_date_from_nik"
    BIRTH_DATE_FROM_MRZ = "birth_date_from_mrz"
    NO_BIRTH_DATE = "no_birth_date"
    DOCUMENT_NUMBER_ATYPICAL = "document_number_atypical"
    DOCUMENT_NUMBER_INVALID = "document_number_invalid"
    MRZ_UNREADABLE = "mrz_unreadable"
    MRZ_CHECK_FAILED = "mrz_check_failed"
    MRZ_REPAIRED = "mrz_repaired"
    """One character that the reader had mistaken was mended by the check digits."""
    MRZ_CONTRADICTS_ROW = "mrz_contradicts_row"
    NO_NAME = "no_name"
    TEXT_WITHHELD = "text_withheld"
    NEAR_BIRTH_DATE = "near_birth_date"
    """This copy of a departure lies under a date that a slip of the hand makes of the worker's."""


class Status(StrEnum):
    """The verdict on one transit event; exactly one holds."""

    MATCHED = "MATCHED"
    OUT_OF_SCOPE = "OUT_OF_SCOPE"
    PENDING = "PENDING"
    UNREGISTERED = "UNREGISTERED"
    FLAGGED = "FLAGGED"


class Tier(StrEnum):
    """How a crossing met its registration, strongest first."""

    PASSPORT = "passport"
    NIK = "nik"
    NAME = "name"


class ReviewMove(StrEnum):
    """What somebody did with a flag."""

    TAKE = "take"
    RELEASE = "release"
    ASSIGN = "assign"
    SNOOZE = "snooze"
    NOTE = "note"
    CLOSE = "close"
    REOPEN = "reopen"


class CaseState(StrEnum):
    """Where the review of a flag stands; the last three are the system's and follow from the log."""

    OPEN = "open"
    UNDER_REVIEW = "under_review"
    CONFIRMED = "confirmed"
    FALSE_POSITIVE = "false_positive"
    REFERRED = "referred"
    INCONCLUSIVE = "inconclusive"
    REOPENED = "reopened"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class ReviewVerdict(StrEnum):
    """What an analyst concluded about a flag."""

    CONFIRMED = "confirmed"
    FALSE_POSITIVE = "false_positive"
    REFERRED = "referred"
    INCONCLUSIVE = "inconclusive"
