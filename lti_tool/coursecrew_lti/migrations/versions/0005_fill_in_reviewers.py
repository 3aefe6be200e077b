"""Mentors who fill in, and when the queue was told.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def short(length: int) -> sa.types.TypeEngine[str]:
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "coursecrew_fill_in_reviewer",
        sa.Column("id", short(32), nullable=False),
        sa.Column("tenant", short(32), nullable=False),
        sa.Column("activity", short(32), nullable=False),
        sa.Column("person", short(32), nullable=False),
        sa.Column("by", short(32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coursecrew_fill_in_reviewer")),
        sa.UniqueConstraint("tenant", "activity", "person", name="crew_fill_in_reviewer_b4bb7c"),
    )
    op.create_table(
        "coursecrew_queue_told",
        sa.Column("id", short(32), nullable=False),
        sa.Column("tenant", short(32), nullable=False),
        sa.Column("activity", short(32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coursecrew_queue_told")),
        sa.UniqueConstraint("tenant", "activity", name="crew_queue_told_065186"),
    )


def downgrade() -> None:
    op.drop_table("coursecrew_queue_told")
    op.drop_table("coursecrew_fill_in_reviewer")
