"""The words of `explain` in Indonesian and English, as they are meant: referrals for review, never accusations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

Pair = tuple[str, str]
"""Indonesian, English."""

TEXTS: Mapping[str, Pair] = {
    "score": ("skor", "score"),
    "threshold": ("ambang tinjau", "review threshold"),
    "crossing": ("Perlintasan", "Crossing"),
    "findings": ("Temuan", "Findings"),
    "absences": ("Yang tidak terlihat lagi (di luar skor)", "Not seen again (no part of the score)"),
    "suppressed": ("Temuan yang tidak dihitung", "Findings that do not count"),
    "analyst": ("Dikesampingkan oleh analis", "Set aside by an analyst"),
    "running_contract": ("Kembali bekerja dengan kontrak yang berlaku", "Back to work under a running contract"),
    "border_pass_resident": (
        "Penduduk perbatasan dengan pas lintas batas",
        "A resident of the border with a border pass",
    ),
    "no_findings": ("Tidak ada temuan.", "Nothing was found."),
    "weight": ("Bobot {}", "Weight {}"),
    "evidence": ("Bukti", "Evidence"),
    "match": ("Kecocokan dengan pendaftaran", "Match with a registration"),
    "no_match": (
        "Tidak ada pendaftaran yang mencakup perlintasan ini.",
        "No registration covers this crossing.",
    ),
    "registrations": ("Pendaftaran yang terkait", "Registrations concerned"),
    "others": ("Perlintasan lain yang terkait", "Other crossings concerned"),
    "reports": ("Laporan masyarakat yang terkait", "Community reports concerned"),
    "report_of": ("laporan {} belum lengkap", "the reports of {}"),
    "no_verdict": ("Perlintasan ini belum dinilai.", "This crossing has no verdict yet."),
    "times": ("{} kali", "{} times"),
    "missing": ("Data yang tidak tersedia", "What the verdict had to do without"),
    "history": ("Riwayat putusan", "History of the verdict"),
    "policy": ("Kebijakan", "Policy"),
    "version": ("versi {}", "version {}"),
    "groups": ("Kelompok", "Groups"),
    "group_size": ("{} perlintasan", "{} crossings"),
    "left_out": ("{} lagi tidak dinilai satu per satu", "{} more were not judged one by one"),
    "innocent": ("{} tidak dihitung karena {}.", "{} does not weigh because of {}."),
    "reviews": ("Tinjauan", "Reviews"),
    "years": ("{} tahun", "{} years"),
    "yes": ("ya", "yes"),
    "no": ("tidak", "no"),
    "issued_at_office": ("terbit di", "issued at"),
    "issued_on": ("tanggal", "on"),
    "valid_to": ("berlaku sampai", "valid to"),
    "planned": ("rencana berangkat", "planned for"),
    "contract_from": ("kontrak mulai", "contract from"),
    "contract_to": ("kontrak sampai", "contract to"),
}
LABELS: Mapping[str, Pair] = {
    "occurred_at": ("Waktu setempat", "Local time"),
    "checkpoint": ("Pos", "Checkpoint"),
    "direction": ("Arah", "Direction"),
    "mode": ("Moda", "Mode"),
    "service": ("Angkutan", "Service"),
    "route": ("Rute", "Route"),
    "document": ("Dokumen", "Document"),
    "traveller": ("Pelintas", "Traveller"),
    "origin": ("Asal", "Origin"),
    "purpose": ("Keperluan", "Purpose"),
    "destination": ("Tujuan", "Destination"),
    "officer_action": ("Keputusan petugas", "Officer's decision"),
    "quality": ("Catatan identitas", "Notes on identity"),
    "published": ("Diterima", "Published"),
    "departure": ("Pendaftaran", "Registration"),
    "tier": ("Cocok melalui", "Matched by"),
    "name_dice": ("Kemiripan nama", "Nearness of names"),
    "same_sex": ("Jenis kelamin sama", "Same sex"),
    "same_origin": ("Asal sama", "Same origin"),
    "same_birth_date": ("Tanggal lahir sama", "Same birth date"),
}
STATUSES: Mapping[str, Pair] = {
    "FLAGGED": ("PERLU DITINJAU (FLAGGED)", "FLAGGED"),
    "MATCHED": ("COCOK (MATCHED)", "MATCHED"),
    "OUT_OF_SCOPE": ("DI LUAR CAKUPAN (OUT_OF_SCOPE)", "OUT_OF_SCOPE"),
    "PENDING": ("MENUNGGU REGISTRI (PENDING)", "PENDING"),
    "UNREGISTERED": ("TIDAK TERDAFTAR (UNREGISTERED)", "UNREGISTERED"),
    "UNVERIFIABLE": ("BELUM DAPAT DIPASTIKAN (UNVERIFIABLE)", "UNVERIFIABLE"),
}
MEANINGS: Mapping[str, Pair] = {
    "FLAGGED": (
        "Rujukan untuk ditinjau: orang ini mungkin membutuhkan pelindungan. Ini bukan tuduhan dan bukan alasan "
        "untuk menolak keberangkatan.",
        "A referral for review: this person may need protection. It is no accusation and no ground to deny boarding.",
    ),
    "MATCHED": (
        "Perlintasan ini tercakup oleh pendaftaran yang sah.",
        "A registered departure covers this crossing.",
    ),
    "OUT_OF_SCOPE": (
        "Untuk perlintasan ini kebijakan tidak mensyaratkan pendaftaran.",
        "The policy expects no registration for this crossing.",
    ),
    "PENDING": (
        "Belum ada pendaftaran yang cocok, tetapi belum semua registri melapor sampai waktu perlintasan.",
        "No registration matches so far, but not all registries have reported past the crossing.",
    ),
    "UNREGISTERED": (
        "Tidak ada pendaftaran, dan semua registri sudah melapor; temuan lain tidak mencapai ambang tinjau.",
        "There is no registration and all registries have reported; nothing else reaches the review threshold.",
    ),
    "UNVERIFIABLE": (
        "Belum ada pendaftaran yang cocok, dan sebuah registri terlalu lama tidak melapor.",
        "No registration matches so far, and a registry has been silent for too long.",
    ),
}
VALUES: Mapping[str, Mapping[str, Pair]] = {
    "direction": {
        "out": ("keluar Indonesia", "out of Indonesia"),
        "in": ("masuk Indonesia", "into Indonesia"),
        "domestic": ("dalam negeri", "domestic"),
    },
    "mode": {"sea": ("laut", "sea"), "air": ("udara", "air"), "land": ("darat", "land"), "other": ("lain", "other")},
    "document": {
        "passport": ("paspor", "passport"),
        "splp": ("SPLP", "SPLP"),
        "plb": ("pas lintas batas (PLB)", "border pass (PLB)"),
        "ktp": ("KTP", "identity card (KTP)"),
        "none": ("tanpa dokumen", "no document"),
        "other": ("dokumen lain", "other document"),
    },
    "sex": {"F": ("perempuan", "female"), "M": ("laki-laki", "male"), "X": ("tidak diketahui", "not known")},
    "purpose": {
        "work": ("bekerja", "work"),
        "return_to_work": ("kembali bekerja", "return to work"),
        "return": ("pulang", "return"),
        "family": ("keluarga", "family"),
        "tourism": ("wisata", "tourism"),
        "trade": ("berdagang", "trade"),
        "medical": ("berobat", "medical"),
        "study": ("belajar", "study"),
        "religious": ("ibadah", "religious"),
        "sport": ("olahraga", "sport"),
        "official": ("dinas", "official"),
        "transit": ("transit", "transit"),
        "deportation": ("deportasi", "deportation"),
        "other": ("lain", "other"),
    },
    "officer_action": {
        "cleared": ("diizinkan", "cleared"),
        "postponed": ("ditunda", "postponed"),
        "refused": ("ditolak", "refused"),
        "returned": ("dipulangkan", "returned"),
        "other": ("lain", "other"),
    },
    "tier": {
        "passport": ("nomor paspor", "passport number"),
        "nik": ("NIK", "NIK"),
        "name": ("nama dan tanggal lahir", "name and date of birth"),
    },
    "event": {
        "registered": ("terdaftar", "registered"),
        "amended": ("diubah", "amended"),
        "cancelled": ("dibatalkan", "cancelled"),
        "departed": ("berangkat", "departed"),
        "returned": ("kembali", "returned"),
    },
    "scheme": {"perseorangan": ("perseorangan", "individual"), "other": ("skema lain", "other scheme")},
    "sector": {
        "domestic_work": ("pekerja rumah tangga", "domestic work"),
        "caregiver": ("perawat", "caregiver"),
        "plantation": ("perkebunan", "plantation"),
        "construction": ("konstruksi", "construction"),
        "manufacturing": ("pabrik", "manufacturing"),
        "fishery": ("perikanan", "fishery"),
        "seafarer": ("pelaut", "seafarer"),
        "hospitality": ("perhotelan", "hospitality"),
        "other": ("sektor lain", "other sector"),
    },
    "missing": {
        "nik": ("NIK tidak diketahui", "the NIK"),
        "document": ("nomor dokumen tidak diketahui", "the document number"),
        "name": ("nama tidak diketahui", "the name"),
        "birth_date": ("tanggal lahir tidak diketahui", "the date of birth"),
        "watermark": ("laporan semua registri belum lengkap", "the reports of all registries"),
        "evidence:shortened": ("daftar bukti disingkat", "the whole list of evidence"),
    },
    "review": {
        "confirmed": ("terkonfirmasi", "confirmed"),
        "false_positive": ("tidak terbukti", "false positive"),
        "referred": ("dirujuk", "referred"),
        "inconclusive": ("belum dapat disimpulkan", "inconclusive"),
    },
    "move": {
        "take": ("diambil", "taken up"),
        "release": ("dilepas", "given back"),
        "assign": ("ditugaskan", "assigned"),
        "snooze": ("ditunda", "snoozed"),
        "note": ("catatan", "note"),
        "close": ("ditutup", "closed"),
        "reopen": ("dibuka kembali", "reopened"),
    },
    "state": {
        "open": ("belum ditinjau", "open"),
        "under_review": ("sedang ditinjau", "under review"),
        "confirmed": ("terkonfirmasi", "confirmed"),
        "false_positive": ("tidak terbukti", "false positive"),
        "referred": ("dirujuk", "referred"),
        "inconclusive": ("belum dapat disimpulkan", "inconclusive"),
        "reopened": ("ada bukti baru", "new evidence"),
        "withdrawn": ("gugur", "withdrawn"),
        "expired": ("kedaluwarsa", "expired"),
    },
    "quality": {
        "nik_invalid": ("NIK tidak sah", "NIK invalid"),
        "nik_suspect": ("NIK meragukan", "NIK suspect"),
        "nik_historic": ("NIK dengan kode wilayah lama", "NIK with an old region code"),
        "sex_contradicts_nik": ("jenis kelamin berbeda dari NIK", "sex contradicts the NIK"),
        "birth_date_contradicts_nik": ("tanggal lahir berbeda dari NIK", "birth date contradicts the NIK"),
        "birth_date_from_nik": ("tanggal lahir dari NIK", "birth date taken from the NIK"),
        "birth_date_from_mrz": ("tanggal lahir dari MRZ", "birth date taken from the MRZ"),
        "no_birth_date": ("tanpa tanggal lahir", "no birth date"),
        "document_number_atypical": ("nomor dokumen tidak lazim", "document number of an unusual form"),
        "document_number_invalid": ("nomor dokumen tidak sah", "document number invalid"),
        "mrz_unreadable": ("MRZ tidak terbaca", "MRZ unreadable"),
        "mrz_check_failed": ("angka periksa MRZ salah", "MRZ check digit wrong"),
        "mrz_contradicts_row": ("MRZ berbeda dari data lain", "MRZ contradicts the row"),
        "mrz_repaired": (
            "satu karakter MRZ diperbaiki menurut angka periksa",
            "one character of the MRZ mended by its check digits",
        ),
        "no_name": ("tanpa nama", "no name"),
        "near_birth_date": (
            "disimpan juga di bawah tanggal lahir yang mirip",
            "also kept under a birth date a slip away",
        ),
        "text_withheld": ("teks bebas ditahan", "free text withheld"),
    },
}


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language; `place` is its place in a pair."""

    place: int

    def text(self, name: str) -> str:
        """A fixed text."""
        return TEXTS[name][self.place]

    def label(self, name: str) -> str:
        """The label of a field."""
        return LABELS[name][self.place]

    def status(self, name: str) -> str:
        """A status, always with the word that programs use."""
        return STATUSES.get(name, (name, name))[self.place]

    def meaning(self, status: str) -> str:
        """What a status says, and what it does not."""
        return MEANINGS.get(status, ("", ""))[self.place]

    def value(self, kind: str, value: object) -> str:
        """A word of the vocabulary; one that is not known stays as it is."""
        if value in (None, ""):
            return ""
        text = str(value)
        return VALUES[kind].get(text, (text, text))[self.place]

    def number(self, text: str) -> str:
        """A decimal number as the language writes it."""
        return text.replace(".", ",") if self.place == 0 else text

    def decimal(self, hundredths: int, places: int) -> str:
        """Hundredths as a decimal number."""
        return self.number(f"{hundredths / 100:.{places}f}")

    def plain(self, value: object) -> str:
        """A value without words of its own."""
        if value is None:
            return ""
        if isinstance(value, datetime | date):
            return value.isoformat()
        return str(value)


_LANGUAGES = {"id": Words(0), "en": Words(1)}


def words_of(language: str) -> Words:
    """The words of a language, `id` or `en`."""
    return _LANGUAGES[language]
