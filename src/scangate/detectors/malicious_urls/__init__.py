"""URLs that lists call malicious, or that look it; and the URL categories that a profile allows, blocks or watches."""

from typing import Final

from scangate.detectors.contract import DetectorSpec
from scangate.detectors.malicious_urls.detector import compile_malicious_urls
from scangate.detectors.malicious_urls.options import MaliciousUrlsOptions, from_protections
from scangate.detectors.malicious_urls.report import report
from scangate.domain.taxonomy import DetectorName, Flag, Service, Side

SPEC: Final = DetectorSpec(
    name=DetectorName.MALICIOUS_URLS,
    flag=Flag.URL_CATS,
    service=Service.UF,
    sides=frozenset(Side),
    options=MaliciousUrlsOptions,
    from_protections=from_protections,
    compile=compile_malicious_urls,
    report=report,
)
