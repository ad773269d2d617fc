"""What entity types of labelled text are in scope, and which of them a finding is: for `scangate eval` on rows with `spans`.

Types are compared in groups: a tax number that a country uses as its identity number is not an error. Names of persons, places and
organisations, titles, dates and addresses of web sites are out of scope: no pattern describes them, or they are nobody's secret.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from scangate.detectors.contract import Entity
from scangate.detectors.sensitive_data.finding import SensitiveDataFinding
from scangate.domain.finding import Finding

_GROUPS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "card": "CREDITCARD CREDITCARDNUMBER PAYMENTCARD CARDNUMBER CCN PAN",
        "iban": "IBAN IBANCODE",
        "bank_account": "ABAROUTINGNUMBER USBANKNUMBER BANKACCOUNT ACCOUNTNUMBER SWIFT SWIFTCODE BIC CUSIP ISIN SORTCODE",
        "government_id": "USSSN SSN SOCIALSECURITYNUMBER USITIN ITIN EIN TIN UKNINO NINO ESNIF ESNIE ITFISCALCODE ITVATCODE "
        "ITIDENTITYCARD PLPESEL SGNRICFIN SGUEN AUABN AUACN AUTFN INPAN INAADHAAR INGSTIN INVOTER FIPERSONALIDENTITYCODE KRRRN KRFRN "
        "KRBRN THTNIN TRNATIONALID CASIN CPF CNPJ BRCPF BRCNPJ CURP RFC DETAXID DETAXNUMBER DEVATID DEIDCARD DESOCIALSECURITY "
        "SEPERSONNUMMER SEORGANISATIONSNUMMER ZAIDNUMBER NGNIN PHTIN NATIONALID TAXID IDCARD IDCARDNUM MYNUMBER",
        "passport": "PASSPORT PASSPORTNUMBER USPASSPORT UKPASSPORT DEPASSPORT ESPASSPORT ITPASSPORT INPASSPORT KRPASSPORT",
        "driving_licence": "USDRIVERLICENSE DRIVERLICENSE DRIVERLICENSENUM DRIVERSLICENSE DRIVINGLICENCE UKDRIVINGLICENCE "
        "ITDRIVERLICENSE DEFUEHRERSCHEIN KRDRIVERLICENSE",
        "health": "UKNHS NHS MEDICALLICENSE AUMEDICARE USMBI USNPI DEHEALTHINSURANCE MEDICALRECORD MRN",
        "email": "EMAIL EMAILADDRESS",
        "phone": "PHONE PHONENUMBER TELEPHONE TELEPHONENUM TELEPHONENUMBER FAX FAXNUMBER TRPHONENUMBER PHMOBILENUMBER",
        "ip": "IP IPADDRESS IPV4 IPV6",
        "mac": "MAC MACADDRESS",
        "birth_date": "BIRTHDATE DATEOFBIRTH DOB",
        "crypto": "CRYPTO BITCOINADDRESS ETHEREUMADDRESS LITECOINADDRESS",
        "secret": "SECRET APIKEY PASSWORD TOKEN CREDENTIAL CREDENTIALS PRIVATEKEY JWT",
    }
)
_GROUP_OF: Final = {name: group for group, names in _GROUPS.items() for name in names.split()}
_BY_CATEGORY: Final[Mapping[str, str]] = MappingProxyType(
    {
        "payment_card": "card",
        "bank": "bank_account",
        "national_id": "government_id",
        "tax_id": "government_id",
        "passport": "passport",
        "driving_licence": "driving_licence",
        "health": "health",
        "secret": "secret",
        "credential": "secret",
        "crypto": "crypto",
    }
)
_BY_NAME: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Bank - International Bank Account Number - IBAN": "iban",
        "Email Address": "email",
        "Phone Number": "phone",
        "IP Address - IPv4": "ip",
        "IP Address - IPv6": "ip",
        "MAC Address": "mac",
        "Date of Birth": "birth_date",
    }
)


def group_of_type(name: str) -> str | None:
    """The group of an entity type as data sets write it (`CREDIT_CARD`, `US_SSN`), or of a data pattern's own name; None: out of
    scope."""
    return _BY_NAME.get(name) or _GROUP_OF.get("".join(filter(str.isalnum, name)).upper())


def entities(findings: Sequence[Finding]) -> Iterable[Entity]:
    """The places that are of a group, of any confidence: what a report shows."""
    for finding in findings:
        if isinstance(finding, SensitiveDataFinding):
            group = _BY_NAME.get(finding.pattern_name) or _BY_CATEGORY.get(finding.category)
            if group is not None:
                yield Entity(group, finding.span)
