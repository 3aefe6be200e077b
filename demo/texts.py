"""What the teams of the sample course write, and what the course team gives for it.

A few teams are told word for word. The others have facts of their own (what comes in, what is
billed, what leaks where) and a way of telling them; so no two plans are alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from coursecrew.domain.rubrics import Mark
from demo.course import PLAN_RUBRIC, SKETCH_RUBRIC, TEAMS, Team


@dataclass(frozen=True)
class Facts:
    """What a team found out about its district."""

    inflow: int  # m³ a day
    billed: int
    night: int  # per cent of the daytime flow that still runs at night
    points: int  # where the night flow was read
    year: int  # of the oldest mains
    street: str
    quarter: str
    source: str
    metres: int  # of pipe to replace
    valves: int
    price: int  # dollars for a metre of pipe, laid

    @property
    def lost(self) -> int:
        return self.inflow - self.billed

    @property
    def share(self) -> int:
        return round(100 * self.lost / self.inflow)

    @property
    def valve_cost(self) -> int:
        return self.valves * 20_500

    @property
    def pipe_cost(self) -> int:
        return self.metres * self.price

    @property
    def total(self) -> int:
        return self.valve_cost + self.pipe_cost + 5_200


FACTS: Mapping[str, Facts] = {
    "Blue Ledger": Facts(9400, 6100, 30, 3, 1974, "the market road", "Manyatta", "the utility’s tender of 2025", 600, 2, 310),
    "Copper Line": Facts(12800, 7100, 41, 4, 1968, "Spine Road", "Kayole", "the regulator’s yearly report", 900, 3, 280),
    "Night Shift": Facts(21500, 15900, 24, 1, 1981, "Atışalanı Caddesi", "Esenler", "a phone call with the district office", 450, 2, 390),
    "Acacia": Facts(7600, 5300, 27, 5, 1979, "Ring Road", "Westlands", "the tariff review of March", 380, 4, 340),
    "Kingfisher": Facts(18200, 12400, 33, 3, 1972, "Bunyodkor Avenue", "block 9", "the city’s open-data page", 1200, 2, 150),
    "Delta": Facts(30100, 24600, 17, 2, 1995, "Võ Văn Ngân street", "Linh Chiểu", "the utility’s annual report", 700, 2, 210),
    "Harbour 5": Facts(8900, 5200, 38, 3, 1966, "the ferry road", "Mbaraki", "the county’s water audit", 800, 2, 260),
    "Third Valve": Facts(14300, 9100, 35, 4, 1984, "Avenida Los Héroes", "Pamplona Alta", "SEDAPAL’s open figures", 640, 3, 230),
    "Rain Gauge": Facts(6200, 3900, 29, 3, 1988, "KN 7 Road", "Kibuye hill", "the utility’s loss register", 520, 2, 190),
    "Pressure Zone": Facts(26400, 15800, 44, 3, 1970, "the main boulevard", "block 13", "the water board’s bulletin", 1100, 5, 170),
    "Aquifer": Facts(10100, 7700, 21, 4, 1990, "the corniche", "Ouakam village", "two visits with the repair crew", 300, 3, 240),
    "Sluice": Facts(16700, 9900, 37, 3, 1976, "Msimbazi Street", "Gerezani", "the regulator’s performance report", 950, 2, 205),
    "Ten Percent": Facts(11900, 7300, 36, 6, 1969, "Churchill Avenue", "Piazza", "the authority’s meter study", 720, 2, 185),
    "Meniscus": Facts(5400, 4900, 9, 3, 1938, "Crown Street", "the terraces", "the utility’s public dashboard", 210, 1, 720),
    "Standpipe": Facts(7300, 4200, 40, 3, 1986, "Bombo Road", "the lower zone", "interviews at eleven standpipes", 480, 2, 175),
    "Estuary": Facts(8100, 6900, 14, 4, 1951, "Rua da Junqueira", "the river side", "the utility’s efficiency plan", 340, 2, 510),
    "Culvert": Facts(22600, 14100, 34, 3, 1983, "Begum Rokeya road", "section 11", "the authority’s zone meters", 860, 4, 145),
    "Plumb Bob": Facts(9700, 9100, 6, 5, 1926, "Kastanienallee", "the old courtyards", "the utility’s network report", 150, 1, 980),
    "Water Table": Facts(9900, 5600, 42, 3, 1971, "Commonwealth Road", "the northern ward", "the trust’s borehole log", 820, 2, 195),
    "Manhole Cover": Facts(17400, 14800, 15, 3, 1998, "Chino Roces Avenue", "San Antonio", "the concession’s quarterly report", 400, 3, 330),
    "Second Tap": Facts(13100, 8200, 31, 4, 1987, "Avenida Boyacá", "Lucero Alto", "the utility’s zone balance", 690, 3, 225),
    "Catchment": Facts(19800, 12100, 36, 3, 1975, "Bram Fischer Drive", "Ferndale", "the city’s loss strategy", 740, 4, 290),
    "Drip Watch": Facts(15500, 11300, 26, 3, 1931, "the causeway", "the docks", "the ward office’s leak book", 430, 2, 310),
    "Flow Meter": Facts(12400, 7900, 33, 5, 1982, "the lagoon road", "Golf Sud", "the company’s meter data", 610, 2, 200),
    "Spillway": Facts(6800, 4700, 28, 3, 1977, "Katugastota Road", "the temple side", "the board’s district sheet", 360, 2, 240),
    "Headworks": Facts(24300, 16700, 32, 2, 1964, "Juan Luna Street", "the Parola side", "a leak map the residents drew", 980, 3, 260),
    "Silt and Sons": Facts(28800, 18900, 35, 3, 1961, "Shubra Street", "Rod El Farag", "the company’s district report", 1050, 3, 160),
    "Upstream": Facts(7900, 5100, 30, 3, 1989, "Avenida Buenos Aires", "the slope above it", "the utility’s pressure logs", 420, 5, 180),
    "Cistern": Facts(3100, 2700, 12, 4, 1958, "Tower Road", "the sea front", "the corporation’s annual report", 140, 2, 640),
    "Blue Hour": Facts(11200, 7400, 29, 3, 1956, "Rue Mizon", "the stairs", "the company’s customer survey", 500, 2, 270),
}  # fmt: skip


def sketch(team: Team) -> dict[str, str]:
    """The first sketch of a team."""
    facts, names = FACTS[team.name], [member.name for member in team.members]
    way = list(FACTS).index(team.name) % 3
    district = (
        f"We follow **{team.district}**. About {facts.inflow:,} m³ a day come in by one main under "
        f"{facts.street}, laid in {facts.year}. Most houses have a meter; {facts.quarter} shares taps.",
        f"{team.district}: one zone, one inlet, {facts.inflow:,} m³ a day. The pipes are from {facts.year} and "
        f"later. We chose it because {facts.source} can be read by anybody.",
        f"Our district is {team.district}. {facts.inflow:,} m³ of water enter it on a normal day and "
        f"{facts.billed:,} m³ are paid for. The oldest pipes lie in {facts.quarter}.",
    )[way]
    question = (
        f"How much of the missing {facts.lost:,} m³ a day leaks out of pipes, and how much is drawn and never "
        "billed? We would read the night flow, and compare it with the bills.",
        f"Is {facts.street} the worst stretch, or only the one people complain about? A reading before and "
        "after it at three in the morning would tell.",
        f"Would {facts.valves} pressure valves save more water for their price than new pipe? We need the "
        "pressure by day and by night, and two price lists.",
    )[way]
    days = ("by Tuesday", "by Wednesday", "by Thursday", "on Friday morning")
    jobs = (
        "asks for the figures",
        "draws the zone on a map",
        "looks for prices",
        "reads everything once more",
    )
    shared = "\n".join(f"- {name} {job} {when}" for name, job, when in zip(names, jobs, days, strict=False))
    return {
        "district": district,
        "question": question,
        "work": f"{shared}\n\n{names[-1]} steps in for whoever falls out.",
    }


def written_plan(team: Team) -> dict[str, str]:
    """The plan of a team."""
    if team.name in _TOLD:
        return dict(_TOLD[team.name])
    facts, way = FACTS[team.name], list(FACTS).index(team.name)
    return {
        "where": _where(facts, way),
        "repair": _repair(facts, way),
        "cost": _cost(facts, way),
        "budget": _budget(team, facts),
    }


def _where(f: Facts, way: int) -> str:
    opening = (
        f"The district buys {f.inflow:,} m³ a day and bills {f.billed:,}. {f.lost:,} m³ are gone in between: {f.share} %.",
        f"Of every hundred litres that come in, {f.share} are never paid for. That is {f.lost:,} m³ a day, going by {f.source}.",
        f"{f.inflow:,} m³ in, {f.billed:,} m³ on bills. We took both numbers from {f.source} and looked where the "
        f"other {f.lost:,} go.",
    )[way % 3]
    reading = (
        f"We read the night flow at {f.points} points for a week. Between 2 and 4 in the morning, when almost "
        f"nobody draws water, {f.night} % of the daytime flow still runs. It is highest below {f.street}.",
        f"At three in the morning {f.night} % of the daytime flow is still there. Of our {f.points} "
        f"readings the one at {f.quarter} is the worst; the others lie close together.",
    )[way % 2]
    doubt = (
        f"What we do not know: how many meters stand still. In {f.quarter} every ninth did when the crew looked, "
        "so a part of the loss is water that was drunk.",
        f"One reading fell on a market day and may be too high. Without it the loss is {max(f.night - 3, 2)} % at night.",
        f"We did not get into {f.quarter}; there we used the bills alone, and say so in the table.",
        "The totals fit to within four per cent. We did not look for where those four are.",
    )[way % 4]
    return f"{opening}\n\n{reading}\n\n{doubt}"


def _repair(f: Facts, way: int) -> str:
    valves = (
        f"**First, {f.valves} pressure valve{'s' if f.valves > 1 else ''}** at the edge of {f.quarter}. At night the "
        "pressure is twice what the upper floors need, and every leak runs twice as fast as it must."
    )
    pipe = (
        f"**{f.metres:,} m of pipe along {f.street}.** Laid in {f.year}, dug up eleven times in three years: the "
        "patches cost more than the pipe."
    )
    reader = (
        "**A person who reads the night flow every Sunday**, so that a new leak is seen within a week and not "
        "within a year."
    )
    order = ((valves, pipe, reader), (valves, reader, pipe), (pipe, valves, reader))[way % 3]
    why = (
        "In this order, because the first step pays for the second.",
        "The cheap thing comes first, so that there is something to show after a month.",
        "The order follows litres saved for each dollar, from the table below.",
    )[way % 3]
    return "\n\n".join((*order, why))


def _cost(f: Facts, way: int) -> str:
    prices = (
        f"The valves cost {f.valve_cost:,} dollars with fitting, the pipe {f.pipe_cost:,}, the Sunday readings 5,200 a "
        f"year. The prices are from {f.source}; we added a tenth for what we do not know."
    )
    worth = round(f.lost * 0.4 * 0.38 * 365, -3)
    back = (
        f"Saved water is worth 0.38 dollars a m³ to the utility. If four tenths of the loss end, that is "
        f"{worth:,.0f} dollars a year: the whole comes back in {max(f.total / worth, 0.1):.1f} years.",
        f"We reckon that four tenths of the loss can end within a year, {round(f.lost * 0.4):,} m³ a day. At 0.38 "
        f"dollars a m³ this pays {worth:,.0f} dollars a year.",
    )[way % 2]
    return f"{prices}\n\n{back}"


def _budget(team: Team, f: Facts) -> str:
    lead, second, third = (member.name.split()[0] for member in team.members[:3])
    return (
        "| Step | Who | Until | Dollars |\n| --- | --- | --- | ---: |\n"
        f"| {f.valves} pressure valves | {lead}’s contact at the utility | 31 January | {f.valve_cost:,} |\n"
        f"| {f.metres:,} m of pipe | tender, followed by {second} | 30 June | {f.pipe_cost:,} |\n"
        f"| Night flow, a year | the zone’s meter reader, taught by {third} | from February | 5,200 |\n"
        f"| **Together** | | | **{f.total:,}** |"
    )


_TOLD: Mapping[str, Mapping[str, str]] = {
    "Blue Ledger": {
        "where": (
            "The district buys 9,400 m³ a day and bills 6,100. We read the night flow at three points for a week. "
            "Between 2 and 4 in the morning, when almost nobody draws water, roughly 30 % of the daytime flow still "
            "runs.\n\nWe think most of it leaks from the pipes laid in 1974, since the complaints come from there. "
            "The new quarter in the north has hardly any."
        ),
        "repair": (
            "First, two pressure valves, at the school and below the reservoir. They are cheap and can be in place "
            "within a month. Second, the 600 m of pipe along the market road, where the night flow is highest.\n\n"
            "Third, a person who reads the night flow every Sunday, so that a new leak is seen within a week and not "
            "within a year."
        ),
        "cost": (
            "Replacing 4.2 km of cast-iron pipe in Manyatta costs most of the money and saves a third of the water. "
            "Before that, pressure valves at two points would cut what leaks at night, and they cost less than a "
            "tenth of it.\n\nThe valves cost 41,000 dollars with fitting, the pipe along the market road 186,000. "
            "A reader of the night flow is two hours a week. We took the prices from the utility’s tender of 2025 "
            "and added a tenth for what we do not know."
        ),
        "budget": (
            "| Step | Who | Until | Dollars |\n| --- | --- | --- | ---: |\n"
            "| Two pressure valves | Kisumu network office | 31 January | 41,000 |\n"
            "| 600 m of pipe, market road | tender | 30 June | 186,000 |\n"
            "| Sunday readings, a year | zone reader | from February | 5,200 |"
        ),
    },
    "Copper Line": {
        "where": (
            "12,800 m³ enter Kayole on an average day, 7,100 are billed. That leaves 5,700, or 45 %.\n\n"
            "We read four points, Monday to Sunday, at 02:30. The inlet never falls below 41 % of the daytime flow. "
            "Two of the four points lie on Spine Road and carry three quarters of the night flow. The readings with "
            "date, hour and initials are in the table.\n\nEvery seventh meter we looked at stood still (19 of 131). "
            "We count that as drunk, not leaked, and it explains about 700 m³."
        ),
        "repair": (
            "1. **Three pressure valves** at the estate gates, since the pressure at night is 5.1 bar and the highest "
            "tap needs 2.\n2. **The 900 m under Spine Road**, dug up 23 times since 2022.\n3. **New meters for the 19 "
            "houses**, so that next year’s balance is a balance.\n\nSafe first, then large, then honest."
        ),
        "cost": (
            "Valves 61,500, pipe 252,000, meters 2,280 dollars. The valve price is the mean of three offers, the pipe "
            "price the utility’s own of 2024 plus 6 %, the meters a shop price.\n\nIf the valves do what they did in "
            "the next zone (minus 31 % at night), they pay for themselves in seven months. We redid that zone’s sum "
            "and got 29 %."
        ),
        "budget": (
            "| Step | Who | Until | Dollars |\n| --- | --- | --- | ---: |\n"
            "| Three pressure valves | J. Mwangi, network office | 15 January | 61,500 |\n"
            "| 900 m under Spine Road | tender, Priya follows it | 31 May | 252,000 |\n"
            "| 19 meters | billing office | 28 February | 2,280 |\n| **Together** | | | **315,780** |"
        ),
    },
    "Night Shift": {
        "where": (
            "The office says 21,500 m³ come in and 15,900 are billed. We have one night reading, 24 %, from the big "
            "meter at the avenue. We wanted three."
        ),
        "repair": "The avenue first. Mehmet has seen water on the road there for a year.",
        "cost": "We do not have prices yet.",
        "budget": "",
    },
    "Acacia": {
        "where": (
            "Westlands takes in 7,600 m³ and bills 5,300: 30 % is missing. Five readings, one week, all at 03:00; the "
            "spread between nights is below 2 %.\n\nRing Road and the two side streets make up 61 % of the night "
            "flow. We walked them with the crew and a listening rod on 14 November and marked nine places."
        ),
        "repair": (
            "**Nine marked leaks, dug in one week.** It is the cheapest water there is: 420 dollars each.\n\n**Four "
            "pressure valves**, set to 2.6 bar at night.\n\n**380 m along Ring Road**, but only after a reading that "
            "shows it is still needed.\n\nEach step is followed by a night reading. If the flow is below 12 %, we stop."
        ),
        "cost": (
            "Leaks 3,780, valves 82,000, pipe 129,200 dollars, readings 5,200 a year. Prices from the tariff review of "
            "March, table 14; the leaks from the crew’s own book.\n\nStopping early would leave 129,200 unspent. We "
            "think that is the likelier end, and would rather be asked why we stopped than why we went on."
        ),
        "budget": (
            "| Step | Who | Until | Dollars |\n| --- | --- | --- | ---: |\n"
            "| Nine leaks | repair crew 2, Nomsa rides along | 12 December | 3,780 |\n"
            "| Four valves | network office | 28 February | 82,000 |\n"
            "| 380 m of pipe, if needed | tender | 31 July | 129,200 |\n"
            "| Readings | zone reader, taught by Ravi | weekly | 5,200 |"
        ),
    },
}  # fmt: skip

# Points for each criterion, in the rubric's order; one way of working has marks of its own.
_SKETCH_POINTS = {
    "Blue Ledger": "434",
    "Night Shift": "321",
    "Copper Line": "443",
    "Acacia": "444",
    "Blue Hour": "212",
}
_PLAN_POINTS = {"Blue Ledger": "343", "Night Shift": "211", "Copper Line": "434", "Acacia": "444"}
_USUAL = ("433", "343", "323", "443", "332", "233", "434", "422")
_COMMENTS = {
    "Blue Ledger": "Ready to start. Say what the night flow was on the market day; one line is missing.",
    "Copper Line": "The standing meters are the best find of the course. Who pays for the pipe after May?",
    "Night Shift": "One reading is a beginning. Ask Hana where the second meter stands; you were close.",
    "Acacia": "“If the flow is below 12 %, we stop”: I have not read a better sentence in a plan.",
}
_USUAL_COMMENTS = (
    "The numbers hold. Name the person behind the third step.",
    "I could redo your first sum, but not the second: where is the 0.38 from?",
    "Good order. A reader wants to know what happens when the first step fails.",
    "The doubt you name is the strongest part. Keep it.",
    "Shorter than most, and nothing is missing. The table needs a date for the tender.",
)


def sketch_sheet(team: Team) -> dict[str, Mark]:
    """What staff give for the first sketch."""
    return _sheet([c.id for c in SKETCH_RUBRIC.criteria], _SKETCH_POINTS, team)


def plan_sheet(team: Team) -> dict[str, Mark]:
    """What staff give for the plan."""
    return _sheet([c.id for c in PLAN_RUBRIC.criteria], _PLAN_POINTS, team)


def comment(team: Team) -> str:
    """What staff write to a team about its plan."""
    return _COMMENTS.get(team.name, _USUAL_COMMENTS[_number(team) % len(_USUAL_COMMENTS)])


def _sheet(criteria: list[str], points: Mapping[str, str], team: Team) -> dict[str, Mark]:
    digits = points.get(team.name, _USUAL[_number(team) % len(_USUAL)])
    return {id: Mark(Decimal(digit)) for id, digit in zip(criteria, digits, strict=True)}


def _number(team: Team) -> int:
    return TEAMS.index(team)
