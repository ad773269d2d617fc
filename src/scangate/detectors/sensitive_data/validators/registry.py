"""The names under which rules ask for validators: ours, and `stdnum.<country>.<number>` for those of python-stdnum."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from types import MappingProxyType
from typing import Final

from scangate.detectors.sensitive_data.candidate import FAILED, PLAUSIBLE, PROVEN, Candidate, Check
from scangate.detectors.sensitive_data.validators import contact, finance, identity, national, secrets
from scangate.errors import ConfigurationError

Validator = Callable[[Candidate], Check]

_OWN: Final[Mapping[str, Validator]] = MappingProxyType(
    {
        function.__name__: function
        for function in (
            finance.payment_card,
            finance.iban,
            finance.aba_routing,
            finance.cusip,
            finance.swift_bic,
            finance.bitcoin_address,
            finance.base58_address,
            finance.bitcoin_private_key,
            finance.segwit_address,
            finance.ripple_address,
            finance.ethereum_address,
            identity.us_ssn,
            identity.us_itin,
            identity.us_ein,
            identity.uk_nino,
            identity.uk_driving_licence,
            identity.jp_my_number,
            identity.ru_snils,
            identity.ru_passport,
            identity.de_identity_card,
            identity.passport_mrz,
            identity.has_digit_and_letter,
            identity.four_digits,
            identity.us_npi,
            identity.us_dea,
            identity.birth_date,
            national.luhn_number,
            national.three_digits,
            national.luxembourg_matricule,
            national.hungarian_personal,
            national.hungarian_taj,
            national.polish_identity_card,
            national.taiwan_id,
            national.kazakhstan_iin,
            national.kuwait_civil_id,
            national.egypt_id,
            national.iran_id,
            national.hong_kong_id,
            national.uruguay_id,
            national.brazil_pis,
            national.spanish_social_security,
            national.australian_medicare,
            national.new_zealand_nhi,
            national.german_health_insurance,
            national.clabe,
            national.vin,
            contact.email,
            contact.ipv4,
            contact.ipv6,
            contact.mac_address,
            contact.phone_international,
            contact.phone_national,
            contact.phone_shape,
            secrets.token,
            secrets.mixed_token,
            secrets.assigned_token,
            secrets.distinct_characters,
            secrets.letters_token,
            secrets.last_segment,
            secrets.crc_token,
            secrets.jwt,
            secrets.basic_credentials,
            secrets.private_key_block,
            secrets.putty_key,
            secrets.password_value,
            secrets.spoken_password,
            secrets.secret_value,
            secrets.hex_secret,
            secrets.aws_secret,
            secrets.url_password,
            secrets.user_and_password,
            secrets.telegram_token,
            secrets.discord_token,
            secrets.uuid_secret,
        )
    }
)


def _well_formed(candidate: Candidate) -> Check:
    del candidate
    return PLAUSIBLE


def _from_stdnum(name: str) -> Validator:
    """`stdnum.es.dni` checks with `stdnum.es.dni.is_valid`; the module loads with the first candidate."""
    try:
        known = find_spec(name) is not None
    except ModuleNotFoundError:
        known = False
    if not known:
        raise ConfigurationError(f"unknown validator {name!r}")

    def check(candidate: Candidate) -> Check:
        is_valid = import_module(name).is_valid
        return PROVEN if is_valid(candidate.value.upper()) else FAILED

    return check


def resolve(name: str) -> Validator:
    """The validator of that name; the empty name accepts whatever the pattern found.

    Raises:
        ConfigurationError: there is none.
    """
    if not name:
        return _well_formed
    if name.startswith("stdnum."):
        return _from_stdnum(name)
    try:
        return _OWN[name]
    except KeyError:
        raise ConfigurationError(f"unknown validator {name!r}") from None
