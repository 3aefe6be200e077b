"""Mail by the platform's own road (edx-ace), or by Django where that is not installed."""

from __future__ import annotations

from smtplib import SMTPException
from typing import Any

from django.core.mail import EmailMultiAlternatives

from coursecrew.app.ports import Mail
from coursecrew.domain.errors import PlatformUnreachable
from coursecrew_openedx.people import account_of

APP_LABEL = "coursecrew"
MESSAGE = "notice"  # names the folder of its templates


class PlatformMailer:
    """`Mailer` of Open edX: the core knows learner keys, the address comes from the account."""

    def send(self, person: str, mail: Mail) -> str:
        """Send, and return "sent", or "no_address"; `PlatformUnreachable` to be tried again."""
        account = account_of(person)
        if account is None or not account.is_active or not account.email:
            return "no_address"
        try:
            import edx_ace  # noqa: F401 - only whether it is there
        except ImportError:
            return _send_by_django(account, mail)
        return _send_by_ace(account, mail)


def _headers(mail: Mail) -> dict[str, str]:
    """One click in the mail program stops the mails, as RFC 8058 has it."""
    if not mail.unsubscribe:
        return {}
    return {
        "List-Unsubscribe": f"<{mail.unsubscribe}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def _send_by_django(account: Any, mail: Mail) -> str:
    message = EmailMultiAlternatives(mail.subject, mail.text, to=[account.email], headers=_headers(mail))
    message.attach_alternative(mail.html, "text/html")
    try:
        message.send()
    except (SMTPException, OSError) as error:
        raise PlatformUnreachable(what="mail", reason=str(error)) from error
    return "sent"


def _send_by_ace(account: Any, mail: Mail) -> str:
    """Hand the mail to edx-ace, and believe only its own signal that it went out.

    `ace.send` reports a channel's failure to monitoring and returns as if nothing were wrong:
    https://github.com/openedx/edx-ace/blob/master/edx_ace/ace.py
    """
    from edx_ace import ace, policy
    from edx_ace.message import Message
    from edx_ace.recipient import Recipient
    from edx_ace.signals import ACE_MESSAGE_SENT

    message = Message(
        app_label=APP_LABEL,
        name=MESSAGE,
        recipient=Recipient(lms_user_id=account.id, email_address=account.email),
        context={
            **_site_context(),
            "subject": mail.subject,
            "text": mail.text,
            "html": mail.html,
            "unsubscribe": mail.unsubscribe,
        },
    )
    message.headers = _headers(mail)  # releases before 1.15 do not read them
    if not policy.channels_for(message):
        return "no_address"  # the operator's own rules stop mail to this person
    sent: list[str] = []

    def hear(message: dict[str, Any], **_: Any) -> None:
        sent.append(str(message.get("uuid")))

    ACE_MESSAGE_SENT.connect(hear)
    try:
        ace.send(message)
    except (SMTPException, OSError) as error:
        raise PlatformUnreachable(what="mail", reason=str(error)) from error
    finally:
        ACE_MESSAGE_SENT.disconnect(hear)
    if str(message.uuid) not in sent:
        raise PlatformUnreachable(what="mail", reason="edx-ace sent nothing")
    return "sent"


def _site_context() -> dict[str, Any]:
    """What the platform's mail templates expect: its name, logo and addresses."""
    try:
        from openedx.core.djangoapps.ace_common.template_context import get_base_template_context
    except ImportError:
        return {}
    from django.contrib.sites.models import Site

    return dict(get_base_template_context(Site.objects.get_current()))
