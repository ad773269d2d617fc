"""Every metric of Scangate, declared here and nowhere else. Labels are closed vocabularies; content and keys never appear."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

REQUESTS = Counter("scangate_requests_total", "HTTP requests by route and status.", ["route", "status"])
REQUEST_SECONDS = Histogram("scangate_request_seconds", "Time from request to answer, by route.", ["route"], buckets=_SECONDS)
SCANS = Counter("scangate_scans_total", "Scans by mode (sync, async), category and action.", ["mode", "category", "action"])
SCAN_SECONDS = Histogram("scangate_scan_seconds", "Time in the engine, by mode.", ["mode"], buckets=_SECONDS)
DETECTOR_SECONDS = Histogram(
    "scangate_detector_seconds", "Time in one detector on one side of a scan.", ["detector"], buckets=_SECONDS
)
DETECTOR_OUTCOMES = Counter(
    "scangate_detector_outcomes_total",
    "Detector runs by status (ok, timeout, error) and whether they flagged.",
    ["detector", "status", "flagged"],
)
JOBS = Counter("scangate_jobs_total", "Background jobs by kind and outcome (done, failed).", ["kind", "outcome"])
QUEUE_DEPTH = Gauge("scangate_queue_depth", "Asynchronous scans that wait or are in progress.", multiprocess_mode="max")
FORWARDED = Counter(
    "scangate_forwarded_total",
    "Rows of the scan log that a target (file, syslog, webhook) took (sent), and tries that failed (failed).",
    ["target", "outcome"],
)
RECORDS_LOST = Counter("scangate_records_lost_total", "Records that could not be written (only with records.required off).")
REJECTED = Counter("scangate_rejected_total", "Requests that were refused, by error code.", ["code"])
FEED_ENTRIES = Gauge(
    "scangate_feed_entries",
    "Entries of each URL feed on this machine; 0 for one that cannot be used.",
    ["feed"],
    multiprocess_mode="mostrecent",
)
FEED_FETCHED = Gauge(
    "scangate_feed_fetched_timestamp_seconds",
    "When the content of each URL feed was fetched, in seconds since 1970: `time() - ...` is its age.",
    ["feed"],
    multiprocess_mode="mostrecent",
)
