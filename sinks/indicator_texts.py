"""What each indicator is called, how it is counted and what is not known; Indonesian first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Pair = tuple[str, str]
_UNDERCOUNT: Pair = (
    "Jalur tikus dan dermaga tidak resmi tidak pernah melapor: angka sebenarnya lebih tinggi.",
    "Unofficial jetties and paths never report: the true number is higher.",
)
_REGISTRY: Pair = (
    "Hanya pendaftaran yang dikirim registri; penempatan yang dilayani provinsi lain mungkin tidak masuk.",
    "Only registrations that registries sent; placements served by other provinces may be missing.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """One figure; `unit` is count, share, hours or seconds."""

    step: int
    name: Pair
    method: Pair
    unknown: Pair
    unit: str = "count"


INDICATORS: Mapping[str, Indicator] = {
    "moratorium_breaches": Indicator(
        step=1,
        name=("Perlintasan yang terkena moratorium", "Crossings under a moratorium"),
        method=(
            "Perlintasan dengan temuan R03, dari perlintasan yang tercakup pendaftaran.",
            "Crossings with finding R03, of those that a registration covers.",
        ),
        unknown=(
            "Siapa yang berangkat tanpa pendaftaran tidak diketahui sektornya.",
            "The sector of whoever leaves without a registration is not known.",
        ),
    ),
    "barred_registrations": Indicator(
        step=1,
        name=("Pendaftaran kerja rumah tangga tanpa sertifikat", "Domestic-work registrations without a certificate"),
        method=(
            "Revisi terakhir tiap pendaftaran asal NTT: sektor kerja rumah tangga, sertifikat tidak ada.",
            "Last revision of each registration from NTT: domestic work, no certificate.",
        ),
        unknown=_REGISTRY,
    ),
    "registrations": Indicator(
        step=2,
        name=("Pendaftaran asal NTT", "Registrations from NTT"),
        method=("Jumlah pendaftaran yang berbeda.", "Distinct registrations."),
        unknown=_REGISTRY,
    ),
    "offices": Indicator(
        step=2,
        name=("Kantor LTSA yang mendaftarkan", "LTSA offices that register"),
        method=("Nama kantor yang berbeda pada pendaftaran.", "Distinct names of offices on registrations."),
        unknown=(
            "Kantor yang buka tetapi tidak mendaftarkan tidak terlihat.",
            "An office that is open and registers nobody is not seen.",
        ),
    ),
    "districts_without_office": Indicator(
        step=2,
        name=("Kabupaten/kota tanpa kantor LTSA yang mendaftarkan", "Districts without a registering LTSA office"),
        method=(
            "Dari 22 kabupaten/kota, yang namanya tidak ada pada kantor mana pun.",
            "Of 22 districts, those that no office's name gives.",
        ),
        unknown=("Kantor dengan nama yang tidak dikenal.", "Offices with a name that is not recognised."),
    ),
    "office_silence": Indicator(
        step=2,
        name=("Jam sejak pendaftaran terakhir", "Hours since the last registration"),
        method=("Terbitan terakhir tiap kantor sampai sekarang.", "Last issue of each office until now."),
        unknown=(
            "Diam dapat berarti tutup, atau tidak ada pemohon.",
            "Silence may mean closed, or nobody applied.",
        ),
        unit="hours",
    ),
    "registration_delay": Indicator(
        step=2,
        name=("Jam dari terbit sampai diterima (median)", "Hours from issue to arrival (median)"),
        method=("Revisi pertama: waktu terima dikurangi waktu terbit.", "First revisions: arrival less issue."),
        unknown=("Waktu pelayanan di loket tidak dilaporkan.", "The time at the counter is not reported."),
        unit="hours",
    ),
    "silent_registries": Indicator(
        step=2,
        name=("Registri yang diam", "Registries that are silent"),
        method=(
            "Registri tanpa janji kelengkapan lebih lama dari batas kebijakan.",
            "Registries without a promise of completeness for longer than the policy allows.",
        ),
        unknown=("Registri yang belum pernah melapor.", "Registries that were never heard."),
    ),
    "certified_share": Indicator(
        step=3,
        name=("Bagian pendaftaran dengan sertifikat", "Share of registrations with a certificate"),
        method=(
            "Revisi terakhir tiap pendaftaran asal NTT yang menyebut sertifikat, dari semuanya.",
            "Last revisions of registrations from NTT that name a certificate, of all of them.",
        ),
        unknown=(
            "Kolom kosong dapat berarti tidak ada, atau tidak dilaporkan.",
            "An empty column may mean none, or not reported.",
        ),
        unit="share",
    ),
    "training_institutions": Indicator(
        step=3,
        name=("Lembaga pelatihan yang disebut", "Training institutions named"),
        method=("Nama yang berbeda pada pendaftaran asal NTT.", "Distinct names on registrations from NTT."),
        unknown=("Mutu dan lama pelatihan tidak dilaporkan.", "Quality and length of the training are not reported."),
    ),
    "district_registrations": Indicator(
        step=3,
        name=("Pendaftaran per kabupaten/kota asal", "Registrations by district of origin"),
        method=("Menurut kode wilayah pendaftaran.", "By the region code of the registration."),
        unknown=_REGISTRY,
    ),
    "district_certified": Indicator(
        step=3,
        name=("Bagian bersertifikat per kabupaten/kota", "Certified share by district"),
        method=("Seperti bagian bersertifikat, per asal.", "As the certified share, by origin."),
        unknown=_REGISTRY,
        unit="share",
    ),
    "referrals": Indicator(
        step=4,
        name=("Tanda yang dirujuk", "Flags that were referred"),
        method=("Tinjauan yang ditutup sebagai dirujuk.", "Reviews that were closed as referred."),
        unknown=(
            "Rujukan di luar sistem ini tidak terlihat.",
            "Referrals outside this system are not seen.",
        ),
    ),
    "referral_hours": Indicator(
        step=4,
        name=("Jam dari perlintasan sampai rujukan (median)", "Hours from crossing to referral (median)"),
        method=("Langkah terakhir tinjauan dikurangi waktu perlintasan.", "Last move of the review less the crossing."),
        unknown=("Kapan satgas desa bertindak.", "When the village task force acted."),
        unit="hours",
    ),
    "district_referrals": Indicator(
        step=4,
        name=("Rujukan per kabupaten/kota asal", "Referrals by district of origin"),
        method=("Menurut kode wilayah pendaftaran pertama (NIK).", "By the code of first registration (NIK)."),
        unknown=("Tempat tinggal sekarang.", "Where the person lives now."),
    ),
    "acknowledged": Indicator(
        step=4,
        name=("Rujukan yang diakui satgas", "Referrals that a task force acknowledged"),
        method=("Belum dapat dihitung.", "Cannot be counted yet."),
        unknown=(
            "Satgas desa belum menjawab melalui sistem ini.",
            "Task forces do not answer in this system yet.",
        ),
    ),
    "cases_met": Indicator(
        step=5,
        name=("Kasus SI-SAGA yang orangnya terlihat", "SI-SAGA cases whose person was seen"),
        method=("Nomor kasus yang berbeda pada temuan R25.", "Distinct case ids in findings of R25."),
        unknown=(
            "Berapa kasus yang tidak bertemu perlintasan. Siapa yang melapor tidak pernah diketahui di sini.",
            "How many cases met no crossing. Who reported is never known here.",
        ),
    ),
    "case_crossings": Indicator(
        step=5,
        name=("Perlintasan dengan kasus SI-SAGA", "Crossings with a SI-SAGA case"),
        method=("Perlintasan dengan temuan R25.", "Crossings with finding R25."),
        unknown=_UNDERCOUNT,
    ),
    "reports_received": Indicator(
        step=5,
        name=("Laporan SI-SAGA yang diterima", "SI-SAGA reports received"),
        method=("Tidak dihitung di sini.", "Not counted here."),
        unknown=(
            "Laporan tidak dimuat ke penyimpanan analis, demi kerahasiaan pelapor.",
            "Reports are not loaded into the analysts' store, for the sake of who reported.",
        ),
    ),
    "feed_events": Indicator(
        step=6,
        name=("Perlintasan yang diterima", "Crossings received"),
        method=("Perlintasan berbeda per provinsi.", "Distinct crossings by province."),
        unknown=_UNDERCOUNT,
    ),
    "feed_missing": Indicator(
        step=6,
        name=("Nomor urut yang hilang", "Sequence numbers missing"),
        method=("Celah pada nomor urut alat.", "Gaps in the numbers of devices."),
        unknown=("Alat tanpa nomor urut.", "Devices without numbers."),
    ),
    "feed_delay": Indicator(
        step=6,
        name=("Detik sampai dinilai, pos terlambat (median)", "Seconds to verdict, slowest checkpoint (median)"),
        method=("Median per pos; yang terbesar di provinsi.", "Median by checkpoint; the greatest of the province."),
        unknown=(
            "Berapa lama perlintasan menunggu di provinsi sebelum diterbitkan.",
            "How long crossings wait in the province before they are published.",
        ),
        unit="seconds",
    ),
    "targets": Indicator(
        step=7,
        name=("Kemajuan terhadap sasaran", "Progress against targets"),
        method=("Belum dapat dihitung.", "Cannot be counted yet."),
        unknown=("Kebijakan belum memuat sasaran.", "The policy holds no targets yet."),
    ),
    "non_procedural": Indicator(
        step=8,
        name=("Keberangkatan nonprosedural yang terlihat", "Non-procedural departures seen"),
        method=(
            "Keluar, asal NTT, tanpa pendaftaran setelah semua registri melapor; dari yang sudah pasti.",
            "Out, from NTT, without a registration once all registries have reported; of those decided.",
        ),
        unknown=_UNDERCOUNT,
    ),
    "undecided": Indicator(
        step=8,
        name=("Belum dapat dipastikan", "Not decided yet"),
        method=(
            "Keluar, menunggu registri; dari semua yang diharapkan terdaftar.",
            "Out, waiting for a registry; of all who should be registered.",
        ),
        unknown=("Berapa di antaranya yang terdaftar.", "How many of them are registered."),
    ),
    "certified_formal": Indicator(
        step=8,
        name=("Pekerja formal bersertifikat", "Certified formal workers"),
        method=(
            "Sertifikat ada dan pemberi kerja berbadan hukum, pemerintah atau kapal.",
            "Certificate present and a corporate, government or vessel employer.",
        ),
        unknown=_REGISTRY,
    ),
    "village_supervision": Indicator(
        step=8,
        name=("Keefektifan pengawasan desa", "Effectiveness of village supervision"),
        method=("Belum dapat dihitung.", "Cannot be counted yet."),
        unknown=(
            "Perlu jawaban satgas desa atas rujukan.",
            "Needs the answers of village task forces to referrals.",
        ),
    ),
}
"""By name, in the order of their steps."""
STEPS: Mapping[int, Pair] = {
    1: ("Moratorium sektor rentan", "Moratorium on vulnerable sectors"),
    2: ("Layanan terpadu satu atap (LTSA)", "One-stop services (LTSA)"),
    3: ("Pelatihan dan sertifikasi", "Training and certificates"),
    4: ("Satgas TPPO desa", "Village task forces"),
    5: ("Laporan masyarakat SI-SAGA", "Community reports (SI-SAGA)"),
    6: ("Sinergi Kepri, Kalbar, Kaltara", "Synergy with Kepri, Kalbar, Kaltara"),
    7: ("Strategi dan sasaran", "Strategies and targets"),
    8: ("Forum akuntabilitas publik", "Public accountability forum"),
}
