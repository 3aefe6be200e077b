"""`coursecrew match-mentors`: a mentor for as many teams as possible, with the reason in words."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from coursecrew.cli.tables import Problems, read_table, shown, write_tables

if TYPE_CHECKING:
    from coursecrew.domain.matching import Limit, Match, Mentor, Team

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
BLOCKS_SHOWN = 4


def add_parser(
    subparsers: argparse._SubParsersAction[argparse.ArgumentParser],
) -> argparse.ArgumentParser:
    """Add `match-mentors` and return its parser."""
    parser = subparsers.add_parser(
        "match-mentors",
        help="find a mentor for as many teams as possible",
        description="Find mentors: as many teams as possible get one, then wanted topics and shared hours "
        "decide. A common language, conflicts and capacity are never broken.",
    )
    parser.add_argument(
        "mentors",
        type=Path,
        metavar="MENTORS.csv",
        help="mentor,capacity,tags,languages,availability,conflicts",
    )
    parser.add_argument("teams", type=Path, metavar="TEAMS.csv", help="team,tags,languages,availability")
    parser.add_argument("--out", type=Path, required=True, metavar="PAIRS.csv", help="team,mentor,score,why")
    return parser


def run(arguments: argparse.Namespace) -> int:
    """Match and write one row for each team; return 0."""
    from coursecrew.domain.matching import match

    problems = Problems()
    mentors = _mentors(arguments.mentors, problems)
    teams = _teams(arguments.teams, problems)
    problems.stop_if_any()
    rows = [(made.team, made.mentor, made.fit, why(made)) for made in match(mentors, teams)]
    write_tables({arguments.out: (("team", "mentor", "score", "why"), rows)})
    return 0


def why(made: Match) -> str:
    """The reason for a match, or for none, in one line."""
    if made.limit is not None:
        return _limit(made.limit)
    if made.wanted_tags:
        topics = f"{len(made.shared_tags)} of {len(made.wanted_tags)} wanted topics"
        topics += f" ({', '.join(made.shared_tags)})" if made.shared_tags else ""
    else:
        topics = "no topics wanted"
    language = f"speaks {', '.join(made.languages)}" if made.languages else "any language"
    return (
        f"{topics}; {_hours(made.shared_hours)}; {language}; {made.teams_of_mentor} of {made.capacity} teams"
    )


def _hours(hours: tuple[int, ...] | None) -> str:
    if hours is None:
        return "hours not known"
    if not hours:
        return "no shared hours"
    starts = [hour for hour in hours if hour - 1 not in hours]
    blocks = ", ".join(f"{DAYS[hour // 24]} {hour % 24:02}:00" for hour in starts[:BLOCKS_SHOWN])
    more = ", …" if len(starts) > BLOCKS_SHOWN else ""
    return f"{len(hours)} shared hour{'' if len(hours) == 1 else 's'} ({blocks}{more} UTC)"


def _limit(limit: Limit) -> str:
    if not limit.mentors:
        return "there are no mentors"
    if limit.on_leave == limit.mentors:
        return f"{_mentors_are(limit.mentors)} on leave"
    if not limit.speaking:
        return f"no mentor with capacity speaks {' or '.join(limit.languages)}"
    who = f"{limit.speaking} mentor{'' if limit.speaking == 1 else 's'}"
    if limit.languages:
        who += f" speak{'s' if limit.speaking == 1 else ''} {' or '.join(limit.languages)}"
    else:
        who += " with capacity"
    barred = limit.speaking - limit.lawful
    if not limit.lawful:
        return f"{who}, {'in conflict' if limit.speaking == 1 else 'all in conflict'} with this team"
    if barred:
        return f"{who}, {barred} in conflict with this team, the rest full"
    return f"{who}, {'full' if limit.speaking == 1 else 'all full'}"


def _mentors_are(count: int) -> str:
    return "the only mentor is" if count == 1 else f"all {count} mentors are"


def _mentors(path: Path, problems: Problems) -> list[Mentor]:
    from coursecrew.domain.matching import Mentor

    columns = ("mentor", "capacity", "tags", "languages", "availability", "conflicts")
    table = read_table(path, columns, problems)
    found: dict[str, Mentor] = {}
    for row in table.rows:
        name, capacity = row.text("mentor"), row.whole("capacity")
        hours = row.hours("availability")
        if capacity is not None and capacity < 0:
            row.wrong("capacity must not be negative", "capacity")
        if name in found:
            row.wrong(f"{shown(name)} stands here twice", "mentor")
        found[name] = Mentor(
            name,
            1 if capacity is None else capacity,  # a mentor who says nothing takes one team
            row.items("tags"),
            row.items("languages"),
            hours,
            frozenset(row.items("conflicts")),
        )
    return list(found.values())


def _teams(path: Path, problems: Problems) -> list[Team]:
    from coursecrew.domain.matching import Team

    table = read_table(path, ("team", "tags", "languages", "availability"), problems)
    found: dict[str, Team] = {}
    for row in table.rows:
        name, hours = row.text("team"), row.hours("availability")
        if name in found:
            row.wrong(f"{shown(name)} stands here twice", "team")
        found[name] = Team(name, row.items("tags"), row.items("languages"), hours)
    return list(found.values())
