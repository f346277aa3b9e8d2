"""What patients of the invented practices come for: diagnoses with services that fit them.

ICD-10-CM (FY2026 and FY2027 both hold every code here, billable) and HCPCS Level II (July 2026);
both are works of the US government, in the public domain. No CPT: its descriptions and codes are
the AMA's. Prices are invented.
"""

import msgspec


class Service(msgspec.Struct, frozen=True):
    """A HCPCS code with the price of one unit in cents and the units a visit takes."""

    code: str
    unit_cents: int
    least_units: int = 1
    most_units: int = 1
    modifiers: tuple[str, ...] = ()


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """A reason to come. `principal` is one of these; `others` may stand beside it; the first
    services are always given and the `extras` sometimes."""

    principal: tuple[str, ...]
    others: tuple[str, ...] = ()
    services: tuple[Service, ...]
    extras: tuple[Service, ...] = ()
    sex: str = ""
    least_age: int = 0
    most_age: int = 120


CLINIC = Service("G0463", 14_250)
COMPLEXITY = Service("G2211", 3_175)
DEPRESSION_SCREEN = Service("G0444", 3_640)
ALCOHOL_SCREEN = Service("G0442", 3_640)
IMAGES = Service("G2010", 2_495)
FLU_SHOT = (Service("Q2038", 4_210), Service("G0008", 4_785))
DEXAMETHASONE = Service("J1100", 85, 4, 10)
KETOROLAC = Service("J1885", 410, 1, 4)
TRIAMCINOLONE = Service("J3301", 1_240, 2, 4)
METHYLPREDNISOLONE = Service("J1010", 32, 40, 80)
CEFTRIAXONE = Service("J0696", 795, 1, 4)
ONDANSETRON = Service("J2405", 120, 4, 8)
GAUZE = Service("A6219", 145, 2, 6)
NEBULIZER_SET = Service("A7003", 425)
ALBUTEROL = Service("J7613", 95, 3, 6)
IPRATROPIUM = Service("J7620", 310, 1, 2)

VISITS = (
    Visit(
        principal=("Z0000", "Z0001"),
        others=("I10", "E785", "Z87891"),
        services=(Service("G0439", 17_925),),
        extras=(DEPRESSION_SCREEN, ALCOHOL_SCREEN, *FLU_SHOT),
        least_age=65,
    ),
    Visit(
        principal=("Z0000",),
        others=("E785", "M1990"),
        services=(Service("G0438", 23_480),),
        extras=(DEPRESSION_SCREEN, Service("G0403", 2_650)),
        least_age=66,
    ),
    Visit(
        principal=("I10",),
        others=("E785", "E669", "Z6833", "I2510"),
        services=(CLINIC,),
        extras=(COMPLEXITY, Service("G0446", 3_710), IMAGES),
        least_age=30,
    ),
    Visit(
        principal=("E119", "E1165", "E1142"),
        others=("I10", "E785", "Z794", "N1831"),
        services=(CLINIC,),
        extras=(
            COMPLEXITY,
            Service("G0108", 6_120, 1, 2),
            Service("A4253", 1_980, 1, 2),
            Service("A4258", 890),
            Service("A4259", 1_145),
        ),
        least_age=25,
    ),
    Visit(
        principal=("E669", "E6601"),
        others=("Z6833", "Z6841", "G4733", "I10"),
        services=(Service("G0447", 3_420, 1, 2),),
        extras=(DEPRESSION_SCREEN,),
        least_age=18,
    ),
    Visit(
        principal=("J209", "J0190", "J029"),
        others=("R059", "R509", "F17210"),
        services=(CLINIC,),
        extras=(DEXAMETHASONE, CEFTRIAXONE, Service("Q0144", 2_260)),
    ),
    Visit(
        principal=("J45909", "J4521"),
        others=("J309", "R062"),
        services=(CLINIC, ALBUTEROL),
        extras=(
            NEBULIZER_SET,
            Service("E0570", 14_900),
            IPRATROPIUM,
            DEXAMETHASONE,
            Service("A4614", 2_890),
        ),
    ),
    Visit(
        principal=("J441", "J449"),
        others=("F17210", "Z87891", "R0602"),
        services=(CLINIC, IPRATROPIUM),
        extras=(METHYLPREDNISOLONE, NEBULIZER_SET, Service("A4627", 2_350), COMPLEXITY),
        least_age=45,
    ),
    Visit(
        principal=("M1711", "M1712", "M25561"),
        others=("E669", "M1990"),
        services=(CLINIC, TRIAMCINOLONE),
        extras=(Service("L1830", 9_875), Service("E0100", 2_690), KETOROLAC),
        least_age=40,
    ),
    Visit(
        principal=("M5450", "M5459"),
        others=("G8929", "E669"),
        services=(CLINIC,),
        extras=(KETOROLAC, Service("J2360", 990, 1, 2), Service("L0625", 8_950)),
        least_age=18,
    ),
    Visit(
        principal=("S93401A", "S93402A"),
        others=("M25571",),
        services=(CLINIC, Service("L1902", 9_240)),
        extras=(Service("E0114", 5_480), Service("A6449", 210, 1, 3), KETOROLAC),
        least_age=6,
    ),
    Visit(
        principal=("G43909",),
        others=("R110", "R42"),
        services=(CLINIC, KETOROLAC),
        extras=(
            ONDANSETRON,
            Service("J1200", 140),
            Service("J3030", 6_840),
            Service("J7040", 1_120),
        ),
        least_age=14,
    ),
    Visit(
        principal=("L0390", "L02415"),
        others=("E119", "R509"),
        services=(CLINIC, CEFTRIAXONE),
        extras=(GAUZE, Service("A4550", 2_450), Service("A6402", 25, 5, 20)),
    ),
    Visit(
        principal=("S61210A", "S81811A"),
        others=("Z23",),
        services=(CLINIC, GAUZE),
        extras=(Service("A6402", 25, 5, 20), Service("A4550", 2_450), Service("A4206", 75, 1, 2)),
    ),
    Visit(
        principal=("D519", "E538"),
        others=("R5383",),
        services=(Service("J3420", 640),),
        extras=(CLINIC, Service("A4206", 75)),
        least_age=30,
    ),
    Visit(
        principal=("F411", "F32A", "F329"),
        others=("G4700", "F17210"),
        services=(CLINIC,),
        extras=(DEPRESSION_SCREEN, COMPLEXITY, IMAGES),
        least_age=14,
    ),
    Visit(
        principal=("Z01419", "Z124"),
        others=("N951",),
        services=(Service("G0101", 8_120), Service("Q0091", 9_360)),
        extras=(DEPRESSION_SCREEN,),
        sex="F",
        least_age=21,
    ),
    Visit(
        principal=("Z125",),
        others=("N401", "R351"),
        services=(Service("G0102", 4_410), Service("G0103", 3_985)),
        extras=(CLINIC,),
        sex="M",
        least_age=50,
    ),
    Visit(
        principal=("Z122",),
        others=("Z87891", "F17210"),
        services=(Service("G0296", 5_890),),
        extras=(CLINIC,),
        least_age=50,
        most_age=77,
    ),
    Visit(
        principal=("Z23",),
        services=FLU_SHOT,
        extras=(Service("G0009", 4_785), Service("G0010", 4_785)),
        least_age=18,
    ),
    Visit(
        principal=("N390", "N3000"),
        others=("R300", "R509"),
        services=(CLINIC,),
        extras=(CEFTRIAXONE, Service("A4338", 1_560), ONDANSETRON),
        sex="F",
        least_age=16,
    ),
    Visit(
        principal=("L509", "T7840XA"),
        others=("J309",),
        services=(CLINIC, Service("J1200", 140)),
        extras=(DEXAMETHASONE, METHYLPREDNISOLONE, Service("J2919", 95, 8, 25)),
    ),
    Visit(
        principal=("I5022", "I480"),
        others=("I10", "I2510", "N1832", "R0602"),
        services=(CLINIC, COMPLEXITY),
        extras=(Service("G0506", 8_760), Service("J1938", 8, 20, 80), Service("G0181", 14_980)),
        least_age=55,
    ),
)
