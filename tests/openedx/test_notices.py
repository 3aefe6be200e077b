"""Mail in Open edX: by edx-ace where it is installed, else by Django, and how to have no more."""

from __future__ import annotations

from smtplib import SMTPServerDisconnected
from types import SimpleNamespace

import pytest
from django.core import mail
from django.dispatch import Signal
from django.template.loader import get_template
from django.test import Client

from coursecrew.app.ports import Mail
from coursecrew.domain.errors import PlatformUnreachable
from coursecrew_openedx.links import PlatformLinks
from coursecrew_openedx.notices import PlatformMailer
from tests.openedx.conftest import Course
from tests.openedx.platform_stand_in import put

LETTER = Mail(
    subject='Blue Ledger handed in "Plan" & waits',
    text="Tomás handed in <for all of you>.",
    html="<p>Tomás handed in.</p>",
    unsubscribe="https://lms.example/coursecrew/unsubscribe/abc",
)


class Unreachable:
    """An outgoing mail server that hangs up."""

    def __init__(self, *args, **kwargs):
        pass

    def send_messages(self, messages):
        raise SMTPServerDisconnected("Connection unexpectedly closed")


def test_a_letter_has_both_forms_and_one_click_to_stop_it(course: Course) -> None:
    assert PlatformMailer().send(course.key("amara"), LETTER) == "sent"
    (letter,) = mail.outbox
    assert letter.to == ["amara@water.example"]
    assert letter.body == LETTER.text
    assert letter.alternatives[0][0] == LETTER.html
    assert letter.extra_headers["List-Unsubscribe"] == f"<{LETTER.unsubscribe}>"
    assert letter.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


@pytest.mark.parametrize("change", [{"email": ""}, {"is_active": False}])
def test_nobody_is_written_to_without_an_address_of_an_active_account(course: Course, change) -> None:
    account = course.account("amara")
    for name, value in change.items():
        setattr(account, name, value)
    account.save()
    assert PlatformMailer().send(course.key("amara"), LETTER) == "no_address"
    assert mail.outbox == []


def test_a_retired_person_is_not_written_to(course: Course) -> None:
    assert PlatformMailer().send("0" * 32, LETTER) == "no_address"


def test_a_mail_server_that_hangs_up_is_tried_again(course: Course, settings) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.Unreachable"
    with pytest.raises(PlatformUnreachable, match="platform_unreachable"):
        PlatformMailer().send(course.key("amara"), LETTER)


# --- edx-ace ---


@pytest.fixture
def ace(monkeypatch: pytest.MonkeyPatch):
    """edx-ace as our adapter meets it: it swallows a channel's failure, and signals what it sent."""
    sent, signal = [], Signal()
    state = SimpleNamespace(sent=sent, works=True, channels={"email"})

    class Message:
        def __init__(self, **values):
            self.__dict__.update(values)
            self.uuid = "0f0e"

    def send(message):
        if state.works:
            sent.append(message)
            signal.send(sender=None, message={"uuid": str(message.uuid)})

    put(monkeypatch, "edx_ace", ace=SimpleNamespace(send=send))
    put(monkeypatch, "edx_ace.policy", channels_for=lambda message: state.channels)
    put(monkeypatch, "edx_ace.message", Message=Message)
    put(monkeypatch, "edx_ace.recipient", Recipient=SimpleNamespace)
    put(monkeypatch, "edx_ace.signals", ACE_MESSAGE_SENT=signal)
    monkeypatch.setattr(__import__("edx_ace"), "ace", SimpleNamespace(send=send))
    return state


def test_edx_ace_gets_the_letter_as_it_is(course: Course, ace) -> None:
    assert PlatformMailer().send(course.key("amara"), LETTER) == "sent"
    (message,) = ace.sent
    assert message.recipient.email_address == "amara@water.example"
    assert message.recipient.lms_user_id == course.account("amara").id
    assert (message.app_label, message.name) == ("coursecrew", "notice")
    assert message.headers["List-Unsubscribe"] == f"<{LETTER.unsubscribe}>"
    assert mail.outbox == []


def test_what_edx_ace_did_not_send_is_tried_again(course: Course, ace) -> None:
    ace.works = False
    with pytest.raises(PlatformUnreachable):
        PlatformMailer().send(course.key("amara"), LETTER)


def test_the_operators_own_rules_may_stop_a_mail(course: Course, ace) -> None:
    ace.channels = set()
    assert PlatformMailer().send(course.key("amara"), LETTER) == "no_address"
    assert ace.sent == []


def test_each_template_of_edx_ace_is_there_and_leaves_the_letter_alone() -> None:
    values = {"subject": LETTER.subject, "text": LETTER.text, "html": LETTER.html, "platform_name": "Campus"}
    said = {
        name: get_template(f"coursecrew/edx_ace/notice/email/{name}").render(values).strip()
        for name in ("subject.txt", "from_name.txt", "body.txt", "body.html", "head.html")
    }
    assert said["subject.txt"] == LETTER.subject
    assert said["body.txt"] == LETTER.text
    assert said["body.html"] == LETTER.html
    assert said["from_name.txt"] == "Campus"


# --- no more mail ---


def unsubscribe_path(course: Course, *parts: str) -> str:
    links = PlatformLinks()
    address = links.to_unsubscribe(links.sign("unsubscribe", *parts))
    assert address.startswith("https://lms.example/coursecrew/unsubscribe/")
    return address.removeprefix("https://lms.example")


def test_looking_at_the_page_changes_nothing_and_one_press_stops_the_mail(course: Course) -> None:
    course.get("amara")
    path = unsubscribe_path(course, "course-v1:edX+Demo+2020", course.key("amara"))
    assert Client().get(path).status_code == 200
    assert course.row("participant").mail is True
    assert Client(enforce_csrf_checks=True).post(path).status_code == 200  # as a mail program does
    assert course.row("participant").mail is False
    assert Client().post(path).status_code == 200  # again is no harm


def test_after_the_press_no_letter_goes_out(course: Course) -> None:
    course.team("Blue Ledger", "amara", "tomas")
    Client().post(unsubscribe_path(course, "course-v1:edX+Demo+2020", course.key("tomas")))
    mail.outbox.clear()
    course.write("amara")
    course.hand_in("amara")
    assert mail.outbox == []
    assert course.rows("notice", person=course.key("tomas"))  # the notice in the page stays


@pytest.mark.parametrize("token", ["", "x", "ImEi:1abc:def"])
def test_a_token_from_elsewhere_is_refused_with_a_page(course: Course, token: str) -> None:
    answer = Client().post(f"/coursecrew/unsubscribe/{token or 'y'}")
    assert answer.status_code == 404
    assert "<html" in answer.content.decode()


def test_a_token_is_good_for_its_own_purpose_only() -> None:
    links = PlatformLinks()
    token = links.sign("calendar", "course", "person")
    assert links.read("calendar", token) == ("course", "person")
    assert links.read("unsubscribe", token) is None
