"""What the pages of one flag and one person say, and what each rule finds; Indonesian first and English second."""

from __future__ import annotations

from collections.abc import Mapping

Pair = tuple[str, str]

FLAG_TEXTS: Mapping[str, Pair] = {
    # a flag
    "what_raised": ("Yang memunculkan tanda ini", "What raised it"),
    "what_clears": ("Gugur bila", "Cleared when"),
    "evidence": ("Bukti", "Evidence"),
    "weight": ("bobot {}", "weight {}"),
    "nothing_found": ("Tidak ada temuan.", "Nothing was found."),
    "threshold": ("ambang tinjau {}", "review threshold {}"),
    "the_crossing": ("Perlintasan", "The crossing"),
    "match": ("Kecocokan dengan pendaftaran", "Match with a registration"),
    "no_match": ("Tidak ada pendaftaran yang mencakup perlintasan ini.", "No registration covers this crossing."),
    "matched_by": ("cocok melalui {}", "matched by {}"),
    "registrations": ("Pendaftaran yang terkait", "Registrations concerned"),
    "others": ("Perlintasan lain yang terkait", "Other crossings concerned"),
    "case_reports": ("Kasus SI-SAGA", "SI-SAGA cases"),
    "groups": ("Kelompok perjalanan", "Travelling groups"),
    "members": ("{} anggota", "{} members"),
    "missing": ("Data yang tidak tersedia", "What the verdict had to do without"),
    "nothing_missing": ("Tidak ada yang kurang.", "Nothing was missing."),
    "absences": ("Tidak terlihat lagi", "Not seen again"),
    "absences_note": ("Di luar skor: bergantung pada hari ini.", "No part of the score: it depends on today."),
    "versions": ("Apa yang diketahui, dan kapan", "What was known, and when"),
    "as_of": ("Ditampilkan seperti diketahui pada {}.", "Shown as it was known at {}."),
    "back_to_now": ("Kembali ke keadaan sekarang", "Back to what is known now"),
    "version": ("versi {}", "version {}"),
    "now_word": ("sekarang", "now"),
    "policy": ("Kebijakan {}", "Policy {}"),
    "print": ("Lembar rujukan", "Referral sheet"),
    "person": ("Riwayat orang ini", "Timeline of this person"),
    "waiting": ("Perlintasan ini belum dinilai.", "This crossing has no verdict yet."),
    # review
    "review": ("Tinjauan", "Review"),
    "no_reviews": ("Belum ada yang meninjau.", "Nobody has reviewed it yet."),
    "take": ("Ambil untuk ditinjau", "Take it up"),
    "release": ("Lepaskan", "Give it back"),
    "close": ("Tutup tinjauan", "Close the review"),
    "reopen": ("Buka kembali", "Reopen"),
    "add_note": ("Simpan catatan", "Save the note"),
    "snooze": ("Tunda", "Snooze"),
    "assign": ("Tugaskan", "Assign"),
    "verdict": ("Kesimpulan", "Conclusion"),
    "choose": ("pilih …", "choose …"),
    "note": ("Catatan", "Note"),
    "note_help": ("Tanpa nama, nomor, atau alamat orang.", "Without names, numbers or addresses of persons."),
    "due_at": ("Tenggat", "Due"),
    "until_when": ("Sampai", "Until"),
    "more_moves": ("Tindakan lain", "Other moves"),
    "does_not_count": ("tidak berlaku: orang lain lebih dahulu", "does not count: somebody else was first"),
    "saved": ("Tersimpan dalam log.", "It is in the log."),
    "saved_not_loaded": (
        "Tersimpan dalam log; akan tampil setelah dimuat.",
        "It is in the log, and shows once it is loaded.",
    ),
    "lost": (
        "{} lebih dahulu. Tindakan Anda tercatat, tetapi tidak berlaku.",
        "{} was first. Your move is on record and does not count.",
    ),
    "refused": ("Tidak dapat dilakukan", "That cannot be done"),
    "review_help": (
        "Ambil tanda ini lebih dahulu, supaya rekan tahu Anda meninjaunya.",
        "Take the flag up first, so that colleagues know that you have it.",
    ),
    "withdrawn_note": (
        "Tanda ini gugur: fakta yang datang kemudian menjelaskannya.",
        "This flag was withdrawn: a fact that came later explains it.",
    ),
    "late_withdrawal_note": (
        "Tanda ini gugur setelah kasus ditutup. Kesimpulan tidak diubah; catat apakah kesimpulan tetap berlaku.",
        "The flag was withdrawn after the case was closed. The conclusion stands; note whether it still holds.",
    ),
    "reopened_note": (
        "Ada bukti baru sejak kasus ditutup.",
        "There is new evidence since the case was closed.",
    ),
    # purpose
    "purpose": ("Tujuan membaca", "Purpose of reading"),
    "purpose_lead": (
        "Halaman ini tentang satu orang. Setiap pembacaan dicatat bersama tujuannya; tujuan berlaku satu jam.",
        "This page is about one person. Every reading is recorded with its purpose, which holds for an hour.",
    ),
    "purpose_review": ("meninjau tanda", "reviewing a flag"),
    "purpose_referral": ("merujuk ke satgas atau BP3MI", "referring to a task force or BP3MI"),
    "purpose_case": ("menindaklanjuti kasus SI-SAGA", "following a SI-SAGA case"),
    "purpose_quality": ("memeriksa mutu data dan aturan", "checking data and rules"),
    "go_on": ("Lanjutkan", "Go on"),
    "change": ("ubah", "change"),
    # timeline
    "timeline_lead": (
        "Satu orang dikenali dari token dokumen dan NIK yang sama; nama tidak tersimpan di sini.",
        "A person is whoever shows the same tokens of document and NIK; no name is stored here.",
    ),
    "no_tokens": (
        "Perlintasan ini tanpa nomor dokumen dan tanpa NIK: perlintasan lain tidak dapat dikaitkan.",
        "This crossing has neither a document number nor a NIK: no other can be tied to it.",
    ),
    "hidden_crossings": (
        "{} perlintasan di provinsi lain tidak ditampilkan kepada petugas provinsi.",
        "{} crossings in other provinces are not shown to a province officer.",
    ),
    "registration": ("Pendaftaran", "Registration"),
    "same_document": ("dokumen sama", "same document"),
    "same_nik": ("NIK sama", "same NIK"),
    "this_one": ("perlintasan ini", "this crossing"),
    # referral sheet
    "sheet_title": ("Rujukan untuk pelindungan", "Referral for protection"),
    "sheet_not": (
        "Ini bukan tuduhan dan bukan alasan menolak keberangkatan. Orang ini mungkin membutuhkan pelindungan.",
        "This is no accusation and no ground to deny boarding. This person may need protection.",
    ),
    "sheet_who": (
        "Identitas tidak tercantum: mintalah kepada provinsi asal data dengan nomor perlintasan di atas.",
        "No identity is given: ask the province that reported, by the id above.",
    ),
    "sheet_asks": ("Yang diminta dari penerima", "What the receiving office is asked to do"),
    "sheet_ask_1": (
        "Temui orang ini dan tanyakan keadaannya, dengan bahasa yang ia pahami.",
        "Meet the person and ask how they are, in a language that they understand.",
    ),
    "sheet_ask_2": (
        "Periksa apakah salah satu fakta yang menggugurkan tanda ini ada.",
        "See whether one of the facts that would clear this flag exists.",
    ),
    "sheet_ask_3": (
        "Jawab kepada analis dengan nomor perlintasan, tanpa nama.",
        "Answer to the analysts by the id of the crossing, without a name.",
    ),
    "sheet_received": ("Diterima oleh (tanda tangan, jabatan, tanggal)", "Received by (signature, office, date)"),
    "sheet_made": ("Dibuat {} oleh {}", "Made {} by {}"),
    "sheet_print": (
        "Cetak dengan Ctrl+P; halaman ini muat pada satu lembar A4.",
        "Print with Ctrl+P; this page fits one A4 sheet.",
    ),
    "back": ("Kembali", "Back"),
}
"""Texts by name."""

RULES: Mapping[str, Pair] = {
    "R01": ("tanpa pendaftaran", "no registration"),
    "R02": ("tujuan atau pintu keluar lain", "other destination or exit"),
    "R03": ("moratorium", "moratorium"),
    "R04": ("wisata yang tidak lazim", "unlikely tourism"),
    "R05": ("pemesanan bersama", "shared booking"),
    "R06": ("pembayar bersama", "shared payer"),
    "R07": ("rombongan sedesa", "group of one village"),
    "R08": ("paspor baru, jauh dari asal", "new passport, far from home"),
    "R09": ("paspor pertama kali dipakai", "first use of a passport"),
    "R10": ("usia", "age"),
    "R11": ("NIK tidak sesuai", "NIK does not fit"),
    "R12": ("dokumen bersama atau perjalanan mustahil", "shared document, impossible journey"),
    "R13": ("tinggal berturut-turut", "stays in a row"),
    "R14": ("tidak terlihat kembali", "not seen to return"),
    "R15": ("dokumen di pos yang salah", "document at the wrong post"),
    "R16": ("berangkat lagi setelah deportasi", "leaves again after deportation"),
    "R17": ("langsung dari NTT ke luar negeri", "straight from NTT across the border"),
    "R18": ("tiba dan tidak terlihat lagi", "arrived, not seen again"),
    "R19": ("pendamping berulang", "repeated companion"),
    "R20": ("izin perusahaan penempatan", "agency's licence"),
    "R21": ("dokumen kurang", "papers missing"),
    "R22": ("rombongan dipecah", "group split over days"),
    "R23": ("waktu yang lazim pada arus nonprosedural", "telling day or hour"),
    "R24": ("pos diam", "silent checkpoint"),
    "R25": ("orang dalam kasus SI-SAGA", "person of a SI-SAGA case"),
    "R26": ("didaftarkan setelah berangkat", "registered afterwards"),
    "R27": ("nama mirip beberapa pendaftaran", "near several registrations"),
    "R28": ("ditolak di pos lain", "refused elsewhere"),
}
"""What each rule finds, in a few words."""
