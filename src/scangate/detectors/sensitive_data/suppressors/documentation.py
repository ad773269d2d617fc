"""What documentation prints: keys that say so, mailboxes of nobody, reserved domains."""

from __future__ import annotations

from typing import Final

from scangate.detectors.sensitive_data.candidate import Candidate, Effect

_ROLES: Final = frozenset(
    {
        "abuse", "account", "accounts", "admin", "administrator", "alerts", "billing", "bookings", "bounce", "bounces",
        "business", "careers", "compliance", "contact", "contacts", "contacto", "contato", "customercare", "customerservice",
        "datenschutz", "donotreply", "dpo", "editor", "editorial", "enquiries", "feedback", "finance", "git", "hello", "help",
        "helpdesk", "hr", "info", "information", "inquiries", "it", "jobs", "kontakt", "legal", "mail", "marketing", "media",
        "news", "newsletter", "no-reply", "no_reply", "noreply", "notification", "notifications", "office", "orders",
        "partners", "payments", "postmaster", "press", "presse", "privacy", "pr", "recruiting", "reservations", "returns",
        "root", "sales", "security", "service", "services", "shop", "soporte", "spam", "staff", "subscribe", "suporte",
        "support", "supporto", "team", "tech", "unsubscribe", "webmaster", "welcome", "ventas", "vertrieb", "rechnung",
        "buchhaltung", "assistenza", "atendimento",
    }
)  # fmt: skip
_DOCUMENTATION_DOMAINS: Final = (
    "example.com",
    "example.org",
    "example.net",
    "domain.com",
    "email.com",
    "company.com",
    "test.com",
)
_DOCUMENTATION_TLDS: Final = (".example", ".test", ".invalid", ".localhost", ".local")


def documentation_key(candidate: Candidate) -> Effect:
    """Keys printed in documentation: they say so themselves."""
    value = candidate.value.lower()
    return Effect.LOWER if "example" in value or "sample" in value else Effect.KEEP


def role_address(candidate: Candidate) -> Effect:
    """Public mailboxes (`support@`, `info@`, `noreply@`) always; the domains reserved for documentation (RFC 2606) unless a word
    says whose address it is."""
    local, _, domain = candidate.value.lower().rpartition("@")
    if local.split("+")[0] in _ROLES:
        return Effect.LOWER
    reserved = domain in _DOCUMENTATION_DOMAINS or domain.endswith(_DOCUMENTATION_TLDS)
    return Effect.LOWER if reserved and candidate.keyword is None else Effect.KEEP


def fictional_phone(candidate: Candidate) -> Effect:
    """555-0100 to 555-0199, kept for fiction in North America, and 01632 960000 to 960999 in the United Kingdom, unless a word says
    whose it is."""
    digits = "".join(filter(str.isdigit, candidate.value))
    fiction = digits[-7:-2] == "55501" or digits[-10:-3] in ("1632960", "7700900")
    return Effect.LOWER if fiction and candidate.keyword is None else Effect.KEEP
