"""Identity without names: tokens, blocks and name codes, and the readers of NIK and MRZ that feed them."""

from schemas.identity.mrz import MachineReadable, MrzProblem, read_mrz, write_td1, write_td3
from schemas.identity.names import code_bits, code_of_words, dice, dice_bits, name_code, normalise_name, overlap_bits
from schemas.identity.nik import Nik, Validity, read_nik
from schemas.identity.tokens import (
    KeyFileError,
    LinkageKey,
    TokenKind,
    block,
    kid_of,
    kind_of,
    normalise,
    token,
    token_of_normal,
    weak_block,
)

__all__ = [
    "KeyFileError",
    "LinkageKey",
    "MachineReadable",
    "MrzProblem",
    "Nik",
    "TokenKind",
    "Validity",
    "block",
    "code_bits",
    "code_of_words",
    "dice",
    "dice_bits",
    "kid_of",
    "kind_of",
    "name_code",
    "normalise",
    "normalise_name",
    "overlap_bits",
    "read_mrz",
    "read_nik",
    "token",
    "token_of_normal",
    "weak_block",
    "write_td1",
    "write_td3",
]
