"""What columns and words of our files are called in the lists of ferries, agencies and offices."""

from __future__ import annotations

from typing import Final

NAMES: Final[dict[str, tuple[str, ...]]] = {
    "event_id": ("id", "id kejadian", "nomor transaksi", "no transaksi", "transaction id", "reference"),
    "checkpoint_id": ("checkpoint", "tpi", "pos", "pos lintas batas", "terminal", "pelabuhan pemeriksaan", "kode tpi"),
    "device_id": ("perangkat", "gate", "gerbang", "konter", "counter", "device"),
    "sequence": ("urutan", "nomor urut perangkat"),
    "occurred_at": (
        "waktu", "waktu lintas", "waktu perlintasan", "tanggal", "tanggal lintas", "tanggal perlintasan",
        "tanggal berangkat", "tgl berangkat", "tgl keberangkatan", "tanggal keberangkatan", "departure date", "etd",
        "tanggal tiba", "tgl tiba", "date", "datetime", "timestamp", "travel date", "sailing date", "crossing time",
    ),
    "direction": ("arah", "arah lintas", "jenis perlintasan", "keluar masuk", "movement", "arrival departure"),
    "mode": ("moda", "moda transportasi", "jenis angkutan", "transport"),
    "carrier": ("kapal", "nama kapal", "vessel", "vessel name", "ship", "maskapai", "airline", "operator", "angkutan"),
    "service_no": ("voyage", "nomor voyage", "no voyage", "trip", "nomor penerbangan", "flight", "flight no"),
    "from_place": ("asal", "pelabuhan asal", "dari", "from", "origin", "embarkasi", "port of embarkation", "naik"),
    "to_place": (
        "tujuan", "pelabuhan tujuan", "ke", "to", "destination", "debarkasi", "port of disembarkation", "turun",
    ),
    "document_type": ("jenis dokumen", "jenis identitas", "tipe dokumen", "id type", "doc type", "type of document"),
    "document_number": (
        "nomor dokumen", "no dokumen", "no identitas", "nomor identitas", "no id", "nomor paspor", "no paspor",
        "paspor", "passport", "passport no", "passport number", "id number", "doc no", "no pasport",
    ),
    "issue_office": ("kantor penerbit", "tempat terbit", "kanim", "issuing office", "place of issue", "dikeluarkan di"),
    "issued_on": ("tanggal terbit", "tgl terbit", "tanggal dikeluarkan", "date of issue", "issue date"),
    "expires_on": (
        "berlaku sampai", "masa berlaku", "tanggal habis berlaku", "tgl berlaku", "expiry", "expiry date",
        "date of expiry", "valid until",
    ),
    "mrz": ("machine readable zone", "zona baca mesin"),
    "nik": ("no nik", "nomor nik", "no ktp", "nomor ktp", "ktp", "nomor induk kependudukan", "national id"),
    "kk": ("no kk", "nomor kk", "kartu keluarga", "nomor kartu keluarga", "family card"),
    "name": (
        "nama", "nama lengkap", "nama penumpang", "nama pelintas", "full name", "passenger", "passenger name",
        "pax name", "penumpang", "nama sesuai paspor", "nama pmi", "nama cpmi",
    ),
    "birth_date": (
        "tanggal lahir", "tgl lahir", "tgl lhr", "ttl", "dob", "date of birth", "birthdate", "birth", "lahir",
    ),
    "sex": ("jenis kelamin", "jk", "l p", "kelamin", "gender", "sex", "m f"),
    "nationality": ("kewarganegaraan", "kebangsaan", "wn", "warga negara", "negara", "citizenship", "nation"),
    "purpose": ("maksud", "keperluan", "tujuan perjalanan", "maksud perjalanan", "purpose of travel", "alasan"),
    "destination_country": ("negara tujuan", "country of destination", "tujuan negara", "negara penempatan"),
    "destination_place": ("alamat tujuan", "kota tujuan", "tempat tujuan", "destination city"),
    "payer": ("pembayar", "dibayar oleh", "hp pemesan", "no hp pemesan", "paid by", "pemesan", "pembeli tiket"),
    "booking": ("kode booking", "nomor tiket", "no tiket", "booking code", "pnr", "ticket", "ticket no", "reservasi"),
    "party": ("rombongan", "grup", "group", "nama rombongan", "kelompok"),
    "officer_action": ("tindakan", "keputusan", "hasil pemeriksaan", "status pemeriksaan", "action"),
    "departure_id": ("id pmi", "id pendaftaran", "nomor pendaftaran", "no registrasi", "registration no"),
    "revision": ("revisi", "versi"),
    "event": ("kejadian", "status pendaftaran", "status"),
    "source": ("sumber", "sumber data", "sistem"),
    "passport": ("nomor paspor", "no paspor", "paspor", "passport no", "passport number"),
    "previous_passports": ("paspor lama", "nomor paspor lama", "old passport"),
    "origin_region": ("kode wilayah", "asal daerah", "kabupaten asal", "kode kabupaten"),
    "scheme": ("skema", "skema penempatan", "jenis penempatan"),
    "p3mi_licence": ("sip3mi", "nomor sip3mi", "p3mi", "izin p3mi"),
    "p3mi_valid_to": ("masa berlaku sip3mi", "sip3mi sampai"),
    "sector": ("sektor", "bidang pekerjaan", "jabatan", "pekerjaan", "occupation"),
    "employer_type": ("jenis pengguna", "jenis pemberi kerja", "employer"),
    "planned_date": ("rencana berangkat", "tanggal rencana berangkat", "tgl berangkat", "planned departure"),
    "valid_from": ("mulai kontrak", "awal kontrak", "contract start"),
    "valid_to": ("akhir kontrak", "selesai kontrak", "contract end"),
    "certificate": ("sertifikat", "sertifikat kompetensi", "competence certificate"),
    "training_institution": ("lembaga pelatihan", "blk", "lpk", "blkk"),
    "health": ("sertifikat kesehatan", "kesehatan", "medical"),
    "insurance": ("bpjs", "asuransi", "jaminan sosial"),
    "permission": ("izin keluarga", "surat izin", "izin suami istri orang tua"),
    "visa": ("visa kerja", "work visa"),
    "ltsa_office": ("ltsa", "kantor ltsa", "layanan terpadu"),
    "issued_at": ("waktu terbit", "tanggal pendaftaran", "tanggal daftar", "registered at", "tanggal terbit"),
    "complete_up_to": ("lengkap sampai", "data lengkap sampai", "complete until"),
    "case_id": ("nomor kasus", "id kasus", "no laporan", "nomor laporan"),
    "reported_at": ("waktu lapor", "tanggal lapor", "tanggal laporan"),
    "kind": ("jenis laporan", "kategori"),
}  # fmt: skip

OUR_WORDS: Final[dict[str, dict[str, str]]] = {
    "direction": {
        "keluar": "out", "berangkat": "out", "keberangkatan": "out", "departure": "out", "dep": "out", "exit": "out",
        "masuk": "in", "datang": "in", "kedatangan": "in", "tiba": "in", "arrival": "in", "arr": "in", "entry": "in",
        "domestik": "domestic", "antar pulau": "domestic", "dalam negeri": "domestic",
    },
    "mode": {
        "laut": "sea", "kapal": "sea", "ferry": "sea", "feri": "sea", "ship": "sea", "udara": "air", "pesawat": "air",
        "flight": "air", "darat": "land", "bus": "land", "jalan": "land",
    },
    "document_type": {
        "paspor": "passport", "pasport": "passport", "paspor biasa": "passport", "e-ktp": "ktp", "pas lintas batas":
        "plb", "surat perjalanan laksana paspor": "splp", "tidak ada": "none", "-": "none",
    },
    "sex": {
        "laki-laki": "M", "laki laki": "M", "lk": "M", "l": "M", "pria": "M", "male": "M", "cowok": "M",
        "perempuan": "F", "pr": "F", "p": "F", "wanita": "F", "female": "F",
    },
    "purpose": {
        "kerja": "work", "bekerja": "work", "tki": "work", "pmi": "work", "kembali bekerja": "return_to_work",
        "cuti": "return_to_work", "pulang": "return", "keluarga": "family", "kunjungan keluarga": "family",
        "wisata": "tourism", "liburan": "tourism", "dagang": "trade", "berdagang": "trade", "bisnis": "trade",
        "berobat": "medical", "kesehatan": "medical", "sekolah": "study", "kuliah": "study", "belajar": "study",
        "ibadah": "religious", "umrah": "religious", "haji": "religious", "olahraga": "sport", "dinas": "official",
        "deportasi": "deportation",
    },
    "officer_action": {
        "lolos": "cleared", "disetujui": "cleared", "diizinkan": "cleared", "ditunda": "postponed",
        "tunda": "postponed", "ditolak": "refused", "tolak": "refused", "dipulangkan": "returned",
    },
    "event": {
        "terdaftar": "registered", "daftar": "registered", "baru": "registered", "diubah": "amended",
        "perubahan": "amended", "batal": "cancelled", "dibatalkan": "cancelled", "berangkat": "departed",
        "sudah berangkat": "departed", "kembali": "returned", "pulang": "returned",
    },
    "scheme": {"p to p": "PtoP", "g to g": "GtoG", "g to p": "GtoP", "mandiri": "perseorangan", "ukps": "internal"},
    "sector": {
        "prt": "domestic_work", "pekerja rumah tangga": "domestic_work", "house maid": "domestic_work",
        "pengasuh": "caregiver", "perawat lansia": "caregiver", "perkebunan": "plantation", "sawit": "plantation",
        "konstruksi": "construction", "bangunan": "construction", "pabrik": "manufacturing",
        "manufaktur": "manufacturing", "perikanan": "fishery", "pelaut": "seafarer", "hotel": "hospitality",
    },
    "employer_type": {
        "rumah tangga": "household", "perorangan": "household", "perusahaan": "corporate", "pt": "corporate",
        "kapal": "vessel", "pemerintah": "government",
    },
    "kind": {
        "orang hilang": "missing_person", "hilang": "missing_person", "dugaan perekrutan": "suspected_recruitment",
        "dugaan tppo": "suspected_trafficking", "tppo": "suspected_trafficking",
    },
}  # fmt: skip
"""In lower case."""
