"""The sample course "Urban Water: from source to tap": its people, teams, assignments and dates."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from coursecrew.domain.activities import JoinRule, Prompt, Settings, SubmitRule, TeamRules
from coursecrew.domain.rubrics import Criterion, Level, Rubric
from coursecrew.domain.schedule import Step, Window

ID = "urban-water-2026"
LABEL = "UW 26"
TITLE = "Urban Water: from source to tap"
ZONE = ZoneInfo("Africa/Lagos")  # the course's own zone; everybody reads dates in theirs


def at(day: int, month: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    """A moment of the course, given by the clock in Lagos."""
    return datetime(2026, month, day, hour, minute, second, tzinfo=ZONE).astimezone(UTC)


# --- dates ---

OPENING = at(2, 11, 9)
TEAMS_LOCK = at(9, 11, 18)
SKETCH_DUE, SKETCH_CLOSES, SKETCH_RESULTS = at(12, 11, 18), at(14, 11, 18), at(16, 11, 9, 2, 11)
PLAN_OPENS, PLAN_DUE, PLAN_CLOSES = at(9, 11, 18), at(27, 11, 18), at(29, 11, 18)
PLAN_RESULTS = at(15, 12, 9, 2, 11)


@dataclass(frozen=True)
class Stop:
    """A moment that a visitor can move the course's clock to."""

    at: datetime
    what: str


STOPS = (
    Stop(at(24, 11, 16, 40), "teams write their plan"),
    Stop(at(27, 11, 17, 10), "the last hour before the plan is due"),
    Stop(at(28, 11, 10, 12), "the plan is late, and can still be handed in"),
    Stop(at(1, 12, 9, 0), "handing in has closed"),
    Stop(at(14, 12, 16, 0), "the plans are scored"),
    Stop(at(15, 12, 9, 30), "the grades are out"),
)
BEGIN = STOPS[0].at


def next_stop(now: datetime) -> Stop | None:
    """Where the clock goes when a visitor moves it on."""
    return next((stop for stop in STOPS if stop.at > now), None)


# --- people ---


@dataclass(frozen=True)
class Person:
    """Somebody in the course, as the sample LMS knows them.

    `sees` is what they will find when they open the assignment, from one stop of the clock on; it
    is given for the few whom the landing page offers first.
    """

    name: str
    zone: str
    role: str = "learner"  # learner, mentor, teacher, assistant
    habit: str = "diligent"
    sees: tuple[str, ...] = ()
    language: str = "en"
    joined: datetime | None = None  # when they came into the course, if after its beginning

    @property
    def id(self) -> str:
        """The user name in the sample LMS."""
        return ".".join(word for word in plain(self.name).replace("-", " ").split() if word != "dr")

    @property
    def email(self) -> str:
        """An address that leads nowhere."""
        return f"{self.id}@urbanwater.example"


# Letters that do not fall apart into a Latin letter and a mark.
_LETTERS = str.maketrans(
    {"ı": "i", "ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ß": "ss", "æ": "ae", "’": "", "'": ""}
)


def plain(text: str) -> str:
    """A text in small plain letters, by which people are searched."""
    parts = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    return "".join(letter for letter in parts if not unicodedata.combining(letter))


STAFF = (
    Person("Dr Inês Carvalho", "Europe/Lisbon", "teacher", sees=("instructor",)),
    Person("Kwame Boateng", "Africa/Accra", "assistant", sees=("teaching assistant",)),
)
MENTORS = (
    Person("Hana Kobayashi", "Asia/Tokyo", "mentor", sees=("ran leak repair for a city",)),
    Person("Joseph Otieno", "Africa/Nairobi", "mentor"),
    Person("Maria Stavrou", "Europe/Athens", "mentor"),
    Person("Lindiwe Khumalo", "Africa/Johannesburg", "mentor"),
)


@dataclass(frozen=True)
class Team:
    """A team of the course: who is in it, and the district whose water it follows."""

    name: str
    motto: str
    district: str
    members: tuple[Person, ...]


def _team(name: str, motto: str, district: str, *members: str) -> Team:
    return Team(name, motto, district, tuple(_person(line) for line in members))


def _person(line: str) -> Person:
    name, zone, habit, *sees = line.split("|")
    return Person(name, zone, habit=habit or "diligent", sees=tuple(sees))


TEAMS = (
    _team(
        "Blue Ledger", "Every litre has an owner.", "Manyatta, Kisumu",
        "Amara Okafor|Africa/Lagos||has a part to finish|has a part to finish, due in an hour"
        "|can still hand in, late|reads what was handed in|waits for the grades|reads the result",
        "Tomás Rivera|America/Bogota||waits for Amara’s part|has a budget table to fill in"
        "|can still hand in, late|reads what was handed in|waits for the grades|reads the result",
        "Vũ Thùy Linh|Asia/Ho_Chi_Minh|",
        "Sofia Lindqvist|Europe/Stockholm|",
    ),
    _team(
        "Copper Line", "Measure twice, dig once.", "Kayole, Nairobi",
        "Siobhán Byrne|Europe/Dublin|slow|is asked to confirm|has confirmed nothing, and that was fine"
        "|reads what was handed in|reads what was handed in|waits for the grades|reads the result",
        "Yusuf Haddad|Asia/Amman|slow",
        "Priya Raman|Asia/Kolkata|",
        "Mateus Barbosa|America/Sao_Paulo|",
    ),
    _team(
        "Night Shift", "We read the meters when you sleep.", "Esenler, Istanbul",
        "Mehmet Yılmaz|Europe/Istanbul|late|his team is stuck|his team is stuck|his team is stuck"
        "|reads what the clock handed in|waits for the grades|reads the result",
        "Aigerim Nurlanova|Asia/Almaty|vanishing",
        "Pål Henriksen|Europe/Oslo|vanishing",
        "Blessing Adeyemi|Africa/Lagos|late",
    ),
    _team(
        "Acacia", "Roots find the leak first.", "Westlands, Nairobi",
        "Nomsa Wanjiru|Africa/Nairobi|", "Diego Morales|America/Santiago|", "Ravi Pillai|Asia/Kolkata|",
        "Johanna Kivelä|Europe/Helsinki|",
    ),
    _team(
        "Kingfisher", "Quick eyes, slow water.", "Chilanzar, Tashkent",
        "Farida Rahimova|Asia/Tashkent|", "Luca Ferrari|Europe/Rome|late", "Thandeka Dube|Africa/Harare|",
        "Emil Novák|Europe/Prague|",
    ),
    _team(
        "Delta", "Where it all comes together.", "Thủ Đức, Ho Chi Minh City",
        "Zhang Wei|Asia/Shanghai|vanishing", "Olga Petrenko|Europe/Kyiv|", "Samuel Mensah|Africa/Accra|",
        "Camila Rojas|America/Lima|",
    ),
    _team(
        "Harbour 5", "No water left on the quay.", "Mbaraki, Mombasa",
        "Ana Kovačević|Europe/Zagreb|", "Kofi Asante|Africa/Accra|", "Min-jun Park|Asia/Seoul|",
        "Isabel Fuentes|America/Mexico_City|slow",
    ),
    _team(
        "Third Valve", "Left, left, stop.", "San Juan de Miraflores, Lima",
        "Elif Demir|Europe/Istanbul|", "Oluwaseun Balogun|Africa/Lagos|", "Marta Wiśniewska|Europe/Warsaw|",
        "Juan Pablo Quispe|America/Lima|",
    ),
    _team(
        "Rain Gauge", "We count what falls.", "Kibuye, Kigali",
        "Divine Uwase|Africa/Kigali|", "Hugo Lefèvre|Europe/Paris|", "Nguyễn Minh Anh|Asia/Ho_Chi_Minh|",
        "Tariq Aziz|Asia/Karachi|late",
    ),
    _team(
        "Pressure Zone", "Calm at three bar.", "Gulshan, Karachi",
        "Ayesha Siddiqui|Asia/Karachi|", "Jonas Müller|Europe/Berlin|", "Grace Achieng|Africa/Nairobi|",
        "Rafael Ortiz|America/Guatemala|",
    ),
    _team(
        "Aquifer", "Deep and patient.", "Ouakam, Dakar",
        "Fatou Diop|Africa/Dakar|", "Anders Holm|Europe/Copenhagen|", "Sita Gurung|Asia/Kathmandu|slow",
        "Valentina Castro|America/Montevideo|",
    ),
    _team(
        "Sluice", "Open when it counts.", "Kariakoo, Dar es Salaam",
        "Baraka Mushi|Africa/Dar_es_Salaam|", "Noor Hassan|Africa/Cairo|", "Chloé Tremblay|America/Toronto|",
        "Arjun Mehta|Asia/Kolkata|",
    ),
    _team(
        "Ten Percent", "That is what we allow ourselves to lose.", "Arada, Addis Ababa",
        "Selam Tesfaye|Africa/Addis_Ababa|", "Ólafur Jónsson|Atlantic/Reykjavik|",
        "Wanjiku Kamau|Africa/Nairobi|", "Miguel Santos|Asia/Manila|late",
    ),
    _team(
        "Meniscus", "Read it at eye level.", "Surry Hills, Sydney",
        "Charlotte Nguyen|Australia/Sydney|", "Ibrahim Diallo|Africa/Conakry|",
        "Katarína Horváthová|Europe/Bratislava|",
        "Arman Sargsyan|Asia/Yerevan|",
    ),
    _team(
        "Standpipe", "One tap for everybody.", "Bwaise, Kampala",
        "Patience Nakato|Africa/Kampala|", "Giorgos Papadakis|Europe/Athens|", "Li Na|Asia/Shanghai|",
        "Andrés Vargas|America/Costa_Rica|",
    ),
    _team(
        "Estuary", "Sweet on one side, salt on the other.", "Belém, Lisbon",
        "Beatriz Almeida|Europe/Lisbon|", "Mohammed El Amrani|Africa/Casablanca|",
        "Saoirse Kelly|Europe/Dublin|",
        "Kenji Tanaka|Asia/Tokyo|vanishing",
    ),
    _team(
        "Culvert", "Under the road, over the budget.", "Mirpur, Dhaka",
        "Nusrat Jahan|Asia/Dhaka|", "Peter Kiprono|Africa/Nairobi|", "Ingrid Solberg|Europe/Oslo|",
        "Lucía Herrera|America/Argentina/Buenos_Aires|",
    ),
    _team(
        "Plumb Bob", "Straight down.", "Prenzlauer Berg, Berlin",
        "Lena Hoffmann|Europe/Berlin|", "Chinedu Eze|Africa/Lagos|", "Somchai Wattana|Asia/Bangkok|",
        "Gabriela Pinto|America/Sao_Paulo|",
    ),
    _team(
        "Water Table", "Everybody sits at it.", "Matero, Lusaka",
        "Mutale Banda|Africa/Lusaka|", "Eero Lahtinen|Europe/Helsinki|slow", "Deepika Sharma|Asia/Kolkata|",
        "Ricardo Flores|America/Tegucigalpa|",
    ),
    _team(
        "Manhole Cover", "Round, so it cannot fall in.", "Makati, Manila",
        "Jasmine Reyes|Asia/Manila|", "Tomasz Kowalski|Europe/Warsaw|late",
        "Zanele Mokoena|Africa/Johannesburg|",
        "Paul Girard|Europe/Brussels|",
    ),
    _team(
        "Second Tap", "For when the first one drips.", "Ciudad Bolívar, Bogotá",
        "Laura Gómez|America/Bogota|", "Amina Yusuf|Africa/Mogadishu|", "Dmytro Shevchenko|Europe/Kyiv|",
        "Haruka Sato|Asia/Tokyo|",
    ),
    _team(
        "Catchment", "All rivers lead to us.", "Randburg, Johannesburg",
        "Sipho Nkosi|Africa/Johannesburg|", "Emma Larsen|Europe/Copenhagen|", "Rania Khoury|Asia/Beirut|",
        "Santiago Peña|America/Asuncion|",
    ),
    _team(
        "Drip Watch", "Somebody is always awake.", "Colaba, Mumbai",
        "Kavya Iyer|Asia/Kolkata|", "Benjamin Osei|Africa/Accra|", "Zsófia Nagy|Europe/Budapest|",
        "Daniel Levi|Asia/Jerusalem|",
    ),
    _team(
        "Flow Meter", "Numbers before shovels.", "Guediawaye, Dakar",
        "Mariama Sow|Africa/Dakar|", "Stefan Ionescu|Europe/Bucharest|", "Park Ji-woo|Asia/Seoul|",
        "Carolina Mendes|Atlantic/Cape_Verde|late",
    ),
    _team(
        "Spillway", "Better too wide.", "Kandy North, Kandy",
        "Dilani Perera|Asia/Colombo|", "Yaw Darko|Africa/Accra|", "Signe Kask|Europe/Tallinn|",
        "Mariana Duarte|America/Caracas|",
    ),
    _team(
        "Headworks", "It starts with us.", "Tondo, Manila",
        "Angelica Cruz|Asia/Manila|", "Abdoulaye Traoré|Africa/Bamako|", "Jan de Vries|Europe/Amsterdam|",
        "Nino Beridze|Asia/Tbilisi|",
    ),
    _team(
        "Silt and Sons", "We settle.", "Shubra, Cairo",
        "Youssef Mansour|Africa/Cairo|", "Clara Schmid|Europe/Zurich|", "Tendai Moyo|Africa/Harare|",
        "Bianca Marin|Europe/Bucharest|",
    ),
    _team(
        "Upstream", "Ask why, then where.", "La Paz Centro, La Paz",
        "Wara Mamani|America/La_Paz|", "Hiroshi Yamamoto|Asia/Tokyo|", "Leila Ben Salah|Africa/Tunis|",
        "Oskar Nilsson|Europe/Stockholm|",
    ),
    _team(
        "Cistern", "We keep some back.", "Sliema, Malta",
        "Maria Vella|Europe/Malta|", "Emeka Obi|Africa/Lagos|", "Anjali Thapa|Asia/Kathmandu|",
        "Felipe Araya|America/Santiago|",
    ),
    _team(
        "Blue Hour", "Just before the city wakes.", "Bab El Oued, Algiers",
        "Yasmine Belkacem|Africa/Algiers|", "Viktor Dimitrov|Europe/Sofia|", "Rosa Jiménez|America/Managua|",
    ),
)  # fmt: skip
LATECOMER = Person(
    "Ioana Neagu", "Europe/Bucharest", habit="late", sees=("joined late, no team yet",), joined=at(11, 11, 10)
)
LEARNERS = (*(person for team in TEAMS for person in team.members), LATECOMER)
PEOPLE = (*LEARNERS, *MENTORS, *STAFF)
BY_ID = {person.id: person for person in PEOPLE}
SHOWN_FIRST = ("amara.okafor", "mehmet.yilmaz", "ioana.neagu")  # in the short gradebook


def sees(person: Person, now: datetime) -> str:
    """What somebody finds at this time of the course; empty for those without a story."""
    if not person.sees:
        return ""
    passed = sum(stop.at <= now for stop in STOPS)
    return person.sees[min(max(passed - 1, 0), len(person.sees) - 1)]


def search(words: str, among: Iterable[Person] = PEOPLE) -> list[Person]:
    """People whose names have all these beginnings of words, letter case and marks apart."""
    wanted = plain(words).split()
    return [
        p for p in among if all(any(part.startswith(w) for part in plain(p.name).split()) for w in wanted)
    ]


# --- assignments ---


def _criterion(id: str, title: str, weight: int, hint: str, *levels: str) -> Criterion:
    """A criterion whose levels are given from the best to 0."""
    points = [Decimal(n) for n in range(len(levels) - 1, -1, -1)]
    steps = tuple(Level(p, text) for p, text in sorted(zip(points, levels, strict=True)))
    return Criterion(id, title, Decimal(weight), steps, hint)


PLAN_RUBRIC = Rubric(
    (
        _criterion(
            "loss", "The loss is measured", 50, "Look at part 1 and the table behind it.",
            "Measured at several points, and a reader can check each number",
            "Measured, with a gap that does not change the result",
            "Partly measured, partly guessed, and it says which",
            "Guessed, or it is not clear what was measured",
            "No number for the loss",
        ),
        _criterion(
            "plan", "The plan can be carried out", 30, "Look at parts 2 to 4 together.",
            "Who, when, with what money: all three for every step",
            "All three for most steps",
            "Steps are clear, people or money are not",
            "A wish list",
            "No plan",
        ),
        _criterion(
            "open", "The reasoning is open to check", 20, "Could an outsider redo the sums?",
            "Sources named, sums can be redone, doubts said aloud",
            "Sources named, most sums can be redone",
            "Some sources, some sums",
            "Claims stand alone",
            "Nothing that could be checked",
        ),
    )
)  # fmt: skip
SKETCH_RUBRIC = Rubric(
    (
        _criterion(
            "place", "The district comes alive", 40, "",
            "People, pipes and money of one real place, with a source for each",
            "A real place, with a source for most of it",
            "A real place, told in general terms",
            "It could be anywhere",
            "No district",
        ),
        _criterion(
            "question", "The question is sharp", 40, "",
            "One question that a measurement can answer, and what would be measured",
            "One question, and roughly what would answer it",
            "Several questions side by side",
            "A topic, no question",
            "Nothing asked",
        ),
        _criterion(
            "team", "The team has shared out the work", 20, "",
            "Who does what until when, and who steps in",
            "Who does what until when",
            "Who does what",
            "Everybody does everything",
            "Nothing agreed",
        ),
    )
)  # fmt: skip

_TEAM_RULES = TeamRules(
    name="District teams", min=3, ideal=4, max=5, lock_at=TEAMS_LOCK, public=True, join=JoinRule.SELF
)
SKETCH = Settings(
    title="First sketch",
    goal="One page that says which district you follow, what you want to find out, and who does what.",
    done_when=(
        "A stranger can find your district on a map",
        "Your question can be answered by measuring something",
        "Each of you knows the next thing to do",
    ),
    task=(
        "Pick **one district** whose water utility publishes figures, or where somebody will answer the "
        "phone.\n\n"
        "Keep it short. This page is for you: the plan in week 4 grows out of it."
    ),
    teams=_TEAM_RULES,
    prompts=(
        Prompt("district", "Our district", "Where it is, who lives there, where its water comes from."),
        Prompt("question", "Our question", "One question, and what would have to be measured."),
        Prompt("work", "Who does what", "Names and days."),
    ),
    steps={Step.DRAFT: Window(OPENING, SKETCH_DUE, SKETCH_CLOSES)},
    submit_rule=SubmitRule.ANY,
    rubric=SKETCH_RUBRIC,
)
PLAN = Settings(
    title="Cut water loss in one district",
    goal="A plan that a district engineer in Kisumu could start on Monday, with the cost of every step.",
    done_when=(
        "The loss is measured at three points or more",
        "Every step has a person, a date and a price",
        "An outsider can redo the sums",
    ),
    task=(
        "Half of the water that leaves a treatment plant can be gone before it reaches a tap. Show where it "
        "goes in **your** district, and what you would repair first.\n\n"
        "- Read the *night flow* between 2 and 4 in the morning: almost nobody draws water then, so what "
        "still runs is mostly loss.\n"
        "- Repair what saves most water for its price, not what is oldest.\n"
        "- Write for somebody who has to start on Monday."
    ),
    teams=_TEAM_RULES,
    prompts=(
        Prompt("where", "Where the water goes", "What comes in, what is billed, what the night flow says."),
        Prompt("repair", "Three things to repair first", "In this order, and why in this order."),
        Prompt("cost", "What it would cost", "About 400 words. Say where each price is from."),
        Prompt("budget", "Budget table", "One line for each step: who, until when, how much."),
    ),
    steps={Step.DRAFT: Window(PLAN_OPENS, PLAN_DUE, PLAN_CLOSES)},
    submit_rule=SubmitRule.ALL,
    rubric=PLAN_RUBRIC,
)  # fmt: skip


@dataclass(frozen=True)
class About:
    """What the sample LMS says beside an activity: a line of text, and where it stands."""

    text: str
    chip: str
    mood: str  # now, done, idle


def about(title: str, now: datetime, *, marks: int = 0) -> About | None:
    """What the course page says about one of its own activities; `None` for one that a visitor added."""
    if title == SKETCH.title:
        text = f"Team assignment · {len(TEAMS)} teams chose their district"
        return About(text, *_where_it_stands(now, SKETCH_DUE, SKETCH_CLOSES, marks))
    if title == PLAN.title:
        text = f"Team assignment · {len(TEAMS)} teams write a plan; due {day(PLAN_DUE)}"
        return About(text, *_where_it_stands(now, PLAN_DUE, PLAN_CLOSES, marks))
    return None


def _where_it_stands(now: datetime, due: datetime, closes: datetime, marks: int) -> tuple[str, str]:
    if marks:
        return "graded", "done"
    if now <= due:
        return "drafting", "now"
    return ("late", "now") if now <= closes else ("closed", "idle")


# --- how the course writes dates ---


def day(moment: datetime) -> str:
    """Fri 27 Nov"""
    here = moment.astimezone(ZONE)
    return f"{here:%a} {here.day} {here:%b}"


def time(moment: datetime) -> str:
    """Fri 27 Nov, 18:00"""
    return f"{day(moment)}, {moment.astimezone(ZONE):%H:%M}"


def team_of(person: str, teams: Sequence[Team] = TEAMS) -> Team | None:
    """The team somebody belongs to."""
    return next((team for team in teams if any(member.id == person for member in team.members)), None)
